//! What an OpenJarvis home already says, in the manifest's words.
