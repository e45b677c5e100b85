class Kaizen < Formula
  desc "Improves an LLM agent from its own traces"
  homepage "@REPOSITORY@"
  version "@VERSION@"
  license any_of: ["MIT", "Apache-2.0"]

  depends_on "git"

  on_macos do
    on_arm do
      url "@REPOSITORY@/releases/download/v@VERSION@/kaizen-@VERSION@-aarch64-apple-darwin.tar.gz"
      sha256 "@ARM64_MACOS@"
    end
    on_intel do
      url "@REPOSITORY@/releases/download/v@VERSION@/kaizen-@VERSION@-x86_64-apple-darwin.tar.gz"
      sha256 "@X86_64_MACOS@"
    end
  end

  on_linux do
    on_arm do
      url "@REPOSITORY@/releases/download/v@VERSION@/kaizen-@VERSION@-aarch64-unknown-linux-musl.tar.gz"
      sha256 "@ARM64_LINUX@"
    end
    on_intel do
      url "@REPOSITORY@/releases/download/v@VERSION@/kaizen-@VERSION@-x86_64-unknown-linux-musl.tar.gz"
      sha256 "@X86_64_LINUX@"
    end
  end

  def install
    bin.install "kaizen"
    generate_completions_from_executable(bin/"kaizen", "completions")
    system bin/"kaizen", "man", "man"
    man1.install Dir["man/*.1"]
  end

  test do
    system bin/"kaizen", "demo", "agent"
    assert_path_exists testpath/"agent/kaizen.toml"
  end
end
