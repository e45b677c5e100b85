//! Examples for tests: for each kind of key or personal data, a value built at run time and a text that contains it.

/// One example.
pub struct PlantedSecret {
    /// The kind.
    pub name: &'static str,
    /// Whether it is a key or password, which no request may contain, rather than personal data.
    pub is_key: bool,
    /// The value that must be redacted.
    pub secret: String,
    /// A text that contains the value.
    pub text: String,
}

/// A string of letters and digits. Built at run time, so that no line here looks like a leaked key.
fn word(length: usize) -> String {
    "aB3dE5gH7jK9mN2p".chars().cycle().take(length).collect()
}

/// Lower-case hexadecimal digits.
fn hex(length: usize) -> String {
    "0a1b2c3d4e5f6789".chars().cycle().take(length).collect()
}

/// Upper-case letters and digits.
fn upper(length: usize) -> String {
    "A2B3C4D5E6F7G2H3".chars().cycle().take(length).collect()
}

/// Lower-case letters and digits.
fn lower(length: usize) -> String {
    word(length).to_lowercase()
}

/// Joins a key from two parts, so that no line here looks like a leaked key.
fn key(start: &str, rest: String) -> String {
    format!("{start}{rest}")
}

/// Keys with a recognisable form.
#[allow(clippy::too_many_lines)] // a table
fn formed() -> Vec<(&'static str, String)> {
    let uuid = format!("{}-{}-{}-{}-{}", hex(8), hex(4), hex(4), hex(4), hex(12));
    vec![
        ("openai", key("sk-proj-", word(48))),
        ("anthropic", key("sk-ant-api03-", word(80))),
        ("openrouter", key("sk-or-v1-", hex(64))),
        ("groq", key("gsk_", word(52))),
        ("xai", key("xai-", word(80))),
        ("perplexity", key("pplx-", word(48))),
        ("nvidia", key("nvapi-", word(64))),
        ("tavily", key("tvly-dev-", word(32))),
        ("replicate", key("r8_", word(37))),
        ("hugging face", key("hf_", word(34))),
        ("langsmith", key("lsv2_pt_", hex(32))),
        ("pinecone", key("pcsk_", word(60))),
        ("github", key("ghp_", word(36))),
        ("github app", key("ghs_", word(36))),
        ("github fine-grained", key("github_pat_", word(82))),
        ("gitlab", key("glpat-", word(20))),
        ("gitlab deploy", key("gldt-", word(20))),
        ("atlassian", key("ATATT3xFfGF0", word(60))),
        ("bitbucket", key("ATBB", word(32))),
        ("slack bot", key("xoxb-", format!("123456789012-{}", word(24)))),
        ("slack app", key("xapp-1-A0", word(30))),
        ("telegram bot", format!("123456789:AA{}", word(33))),
        ("discord bot", format!("MT{}.{}.{}", word(24), word(6), word(38))),
        ("aws access key", key("AKIA", upper(16))),
        ("aws session token", key("IQoJb3JpZ2lu", word(120))),
        ("google api", key("AIza", word(35))),
        ("google oauth", key("ya29.", word(60))),
        ("google client secret", key("GOCSPX-", word(28))),
        ("azure ad secret", format!("{}8Q~{}", word(3), word(34))),
        ("alibaba", key("LTAI", word(20))),
        ("digitalocean", key("dop_v1_", hex(64))),
        ("heroku", key("HRKU-", uuid.clone())),
        ("fly", key("fo1_", word(43))),
        ("netlify", key("nfp_", word(40))),
        ("databricks", key("dapi", hex(32))),
        ("supabase", key("sbp_", hex(40))),
        ("planetscale", key("pscale_tkn_", word(43))),
        ("npm", key("npm_", word(36))),
        ("pypi", key("pypi-AgEIcHlwaS5vcmc", word(80))),
        ("rubygems", key("rubygems_", hex(48))),
        ("crates.io", key("cio", word(32))),
        ("nuget", key("oy2", lower(43))),
        ("docker hub", key("dckr_pat_", word(27))),
        ("terraform", format!("{}.atlasv1.{}", word(14), word(60))),
        ("pulumi", key("pul-", hex(40))),
        ("artifactory", key("AKCp", word(69))),
        ("artifactory reference", key("cmVmdGtu", word(56))),
        ("sonarqube", key("sqp_", hex(40))),
        ("vault", key("hvs.", word(90))),
        ("vault of old", key("s.", word(24))),
        ("doppler", key("dp.pt.", word(43))),
        ("1password service", key("ops_eyJ", word(120))),
        (
            "1password",
            format!("A3-{}-{}-{}-{}-{}", upper(6), upper(11), upper(5), upper(5), upper(5)),
        ),
        ("age", key("AGE-SECRET-KEY-1", upper(58))),
        ("stripe", key("sk_live_", word(24))),
        ("stripe webhook", key("whsec_", word(32))),
        ("square", key("sq0atp-", word(22))),
        ("square secret", key("sq0csp-", word(43))),
        ("shopify", key("shpat_", hex(32))),
        ("twilio", key("SK", hex(32))),
        ("sendgrid", format!("SG.{}.{}", word(22), word(43))),
        ("mailgun", key("key-", hex(32))),
        ("mailchimp", key(&hex(32), "-us14".to_owned())),
        ("brevo", format!("xkeysib-{}-{}", hex(64), word(16))),
        ("resend", format!("re_{}_{}", word(8), word(24))),
        ("facebook", key("EAACEdEose0cBA", word(80))),
        ("new relic", key("NRAK-", upper(27))),
        ("sentry", key("sntrys_", word(80))),
        ("grafana", format!("glsa_{}_{}", word(32), hex(8))),
        ("grafana cloud", key("glc_", word(60))),
        ("dynatrace", format!("dt0c01.{}.{}", upper(24), upper(64))),
        ("linear", key("lin_api_", word(40))),
        ("notion", key("ntn_", word(46))),
        ("airtable", format!("pat{}.{}", word(14), hex(64))),
        ("figma", key("figd_", word(40))),
        ("dropbox", key("sl.", word(130))),
        ("postman", format!("PMAK-{}-{}", hex(24), hex(34))),
        ("hubspot", key("pat-na1-", uuid)),
        (
            "launchdarkly",
            format!("sdk-{}-{}-{}-{}-{}", hex(8), hex(4), hex(4), hex(4), hex(12)),
        ),
        ("jwt", format!("eyJ{}.eyJ{}.{}", word(30), word(40), word(43))),
        ("bcrypt hash", format!("$2b$12${}", word(53))),
        ("shadow hash", format!("$6${}${}", word(8), word(86))),
        ("htpasswd hash", format!("$apr1${}${}", word(8), word(22))),
        ("otpauth", format!("otpauth://totp/x?secret={}", upper(32))),
        ("wallet key", format!("xprv9s21{}", "ZrQH143K24Mf".repeat(9))),
    ]
}

/// Secrets that only their context reveals: the text before, the secret, the text after.
#[allow(clippy::too_many_lines)] // a table
fn placed() -> Vec<(&'static str, &'static str, String, &'static str)> {
    let plain = || "swordfish".to_owned();
    vec![
        ("authorization token", "Authorization: Token ", hex(40), ""),
        (
            "authorization basic",
            "Authorization: Basic ",
            "YWRhOnN3b3JkZmlzaA==".to_owned(),
            "",
        ),
        ("authorization bearer", "\"Authorization\": \"Bearer ", word(40), "\""),
        ("authorization ApiKey", "authorization: ApiKey ", word(24), ""),
        (
            "proxy authorization",
            "Proxy-Authorization: Basic ",
            "YWRhOnN3b3JkZmlzaA==".to_owned(),
            "",
        ),
        ("x-api-key", "X-Api-Key: ", lower(12), ""),
        ("x-auth-token", "X-Auth-Token: ", lower(20), ""),
        ("private-token", "PRIVATE-TOKEN: ", word(20), ""),
        ("cookie", "Cookie: theme=dark; sid=", lower(24), ""),
        ("set-cookie", "Set-Cookie: session=", lower(24), "; Path=/; HttpOnly"),
        ("env password", "DB_PASS=", plain(), ""),
        ("env token", "CI_DEPLOY_TOKEN=", lower(20), ""),
        ("env key", "export MISTRAL_KEY=", word(32), ""),
        ("yaml token", "token: ", lower(16), ""),
        ("yaml password", "database:\n  password: ", plain(), "\n  port: 5432"),
        ("yaml block", "password: |\n  ", plain(), "\n"),
        ("json password", "{\"user\": \"ada\", \"password\": \"", plain(), "\"}"),
        ("json in json", "{\\\"api_key\\\":\\\"", word(20), "\\\"}"),
        ("toml secret", "client_secret = \"", word(20), "\""),
        ("ini password", "[client]\nuser = ada\npassword = ", plain(), "\n"),
        ("properties", "spring.datasource.password=", plain(), ""),
        ("xml element", "<password>", plain(), "</password>"),
        ("xml attribute", "<add key=\"ApiKey\" value=\"", word(20), "\"/>"),
        ("kubernetes env", "- name: DB_PASSWORD\n  value: ", plain(), "\n"),
        ("flag", "tool --password ", plain(), " --verbose"),
        ("flag with equals", "tool --api-key=", lower(12), " run"),
        ("curl -u", "curl -u ada:", plain(), " https://api.example.org"),
        ("curl -b", "curl -b 'sid=", lower(20), "' https://api.example.org"),
        ("mysql -p", "mysql -u root -p", plain(), " shop"),
        ("sshpass", "sshpass -p ", plain(), " ssh ada@host"),
        (
            "docker login",
            "docker login -u ada -p ",
            plain(),
            " registry.example.org",
        ),
        ("redis-cli", "redis-cli -a ", plain(), " ping"),
        ("netrc", "machine api.example.org login ada password ", plain(), ""),
        ("pgpass", "db.example.org:5432:shop:ada:", plain(), ""),
        (
            "docker auth",
            "{\"auths\": {\"registry.example.org\": {\"auth\": \"",
            "YWRhOnN3b3JkZmlzaA==".to_owned(),
            "\"}}}",
        ),
        ("npmrc", "//registry.npmjs.org/:_authToken=", word(36), ""),
        ("url password", "postgres://ada:", plain(), "@db.example.org/shop"),
        ("url token", "git clone https://", lower(32), "@git.example.org/x.git"),
        (
            "query api_key",
            "https://api.example.org/v1?api_key=",
            lower(20),
            "&page=2",
        ),
        (
            "query access_token",
            "https://api.example.org/v1?access_token=",
            lower(20),
            "&page=2",
        ),
        ("azure sas", "https://x.blob.example.org/y?sv=1&sig=", word(40), "&se=2"),
        ("azure storage", "AccountName=x;AccountKey=", word(86), ";"),
        ("sql server", "Server=x;Database=y;User Id=sa;Password=", plain(), ";"),
        ("service bus", "SharedAccessKeyName=root;SharedAccessKey=", word(43), ""),
        (
            "s3 signature",
            "https://b.s3.example.org/k?X-Amz-Signature=",
            hex(64),
            "&x=1",
        ),
        (
            "aws secret key",
            "aws_secret_access_key = ",
            format!("{}/+", word(38)),
            "",
        ),
        (
            "aws secret in prose",
            "the AWS Secret Access Key: ",
            format!("{}/+", word(38)),
            " ok",
        ),
        ("wireguard", "PrivateKey = ", format!("{}=", word(43)), ""),
        (
            "slack webhook",
            "https://hooks.slack.com/services/",
            format!("T00/B00/{}", word(24)),
            "",
        ),
        (
            "discord webhook",
            "https://discord.com/api/webhooks/",
            format!("123456789012345678/{}", word(60)),
            "",
        ),
        (
            "teams webhook",
            "https://x.webhook.office.com/webhookb2/",
            format!("{}@{}/IncomingWebhook/{}", hex(36), hex(36), hex(32)),
            "",
        ),
        ("prose password", "my password is ", plain(), "."),
        (
            "prose password with digits",
            "the password for the staging database is ",
            "hunter22".to_owned(),
            " as before",
        ),
        ("prose pw", "pw: ", "hunter2".to_owned(), ""),
        (
            "prose change",
            "please change my password to ",
            "hunter22".to_owned(),
            " today",
        ),
        (
            "prose key",
            "here is the Mistral key that we use in production: ",
            word(32),
            "",
        ),
        ("prose behind", "", "hunter22!".to_owned(), " is my new password"),
        ("german password", "Das Passwort lautet ", "Geheim123".to_owned(), ""),
        ("french password", "mot de passe : ", "Secret123".to_owned(), ""),
        ("pin", "my PIN is ", "4821".to_owned(), ""),
        ("one-time code", "the verification code is ", "482913".to_owned(), ""),
        ("cvv", "CVV: ", "739".to_owned(), ""),
        ("code literal", "client.setPassword(\"", plain(), "\")"),
        ("code with type", "password: str = \"", plain(), "\""),
        ("powershell", "ConvertTo-SecureString '", plain(), "' -AsPlainText"),
        ("sql user", "CREATE USER ada IDENTIFIED BY '", plain(), "';"),
        ("redis config", "requirepass ", plain(), "\n"),
        ("table cell", "| API key | ", word(24), " |"),
        ("datadog", "DD_API_KEY=", hex(32), ""),
        ("cloudflare", "CLOUDFLARE_API_TOKEN: ", word(40), ""),
        ("pagerduty", "pagerduty_token = '", word(20), "'"),
        (
            "seed phrase",
            "seed phrase: ",
            "abandon ability able about above absent absorb abstract absurd abuse access accident".to_owned(),
            "",
        ),
        ("jwk", "{\"kty\":\"EC\",\"d\":\"", word(43), "\"}"),
    ]
}

/// Personal data: the text before, the datum, the text after.
fn personal() -> Vec<(&'static str, &'static str, &'static str, &'static str)> {
    vec![
        ("mail address", "write to ", "ada.l+x@mail.example.org", " today"),
        ("mail address with umlauts", "an ", "jürgen.müller@büro-müller.de", ","),
        ("phone", "call ", "+49 30 1234 5678", " now"),
        ("phone of north america", "call ", "(212) 555-0123", " now"),
        ("local phone", "ruf ", "030 12345678", " an"),
        ("local mobile", "ring ", "07700 900123", " please"),
        ("french phone", "appelez le ", "01 23 45 67 89", ""),
        ("labelled phone", "phone: ", "555-0123", ""),
        ("credit card", "card ", "4111 1111 1111 1111", " exp"),
        ("amex", "card ", "378282246310005", ""),
        ("iban", "to ", "DE89 3704 0044 0532 0130 00", " please"),
        ("iban without blanks", "to ", "GB82WEST12345698765432", ""),
        ("bank account", "account number: ", "12345678", ""),
        ("ipv4", "from ", "203.0.113.7", " port 22"),
        ("ipv6", "from ", "2001:db8:85a3::8a2e:370:7334", " port 22"),
        ("ssn", "", "078-05-1120", " is hers"),
        ("british insurance", "NI ", "AB 12 34 56 C", ""),
        ("swiss ahv", "AHV ", "756.9217.0769.85", ""),
        ("brazilian cpf", "", "111.444.777-35", " ok"),
        ("spanish dni", "DNI ", "12345678Z", ""),
        ("italian tax code", "CF ", "RSSMRA85T10A562S", ""),
        ("german tax id", "Steuer-ID: ", "86095742719", ""),
        ("aadhaar", "id ", "2363 4567 8904", ""),
        ("passport", "passport number: ", "C01X00T47", ""),
        ("birth date", "date of birth: ", "1990-02-03", ""),
        ("home folder", "see ", "/home/ada", "/x.py"),
        ("home folder of windows", "see ", "C:\\Users\\ada", "\\x.py"),
    ]
}

/// An example of every kind.
pub fn kinds() -> Vec<PlantedSecret> {
    let armour = |word: &str, kind: &str| format!("-----{word} {kind}-----");
    let armoured = |name, kind: &str| {
        let secret = word(64);
        let text = format!("{}\n{secret}\n{}", armour("BEGIN", kind), armour("END", kind));
        PlantedSecret {
            name,
            is_key: true,
            secret,
            text,
        }
    };
    let mut all = vec![
        armoured("rsa key", "RSA PRIVATE KEY"),
        armoured("openssh key", "OPENSSH PRIVATE KEY"),
        armoured("pgp key", "PGP PRIVATE KEY BLOCK"),
        armoured("ec key", "EC PRIVATE KEY"),
    ];
    all.extend(formed().into_iter().map(|(name, secret)| {
        let text = format!("use {secret} for it");
        PlantedSecret {
            name,
            is_key: true,
            secret,
            text,
        }
    }));
    all.extend(placed().into_iter().map(|(name, before, secret, behind)| {
        let text = format!("{before}{secret}{behind}");
        PlantedSecret {
            name,
            is_key: true,
            secret,
            text,
        }
    }));
    all.extend(personal().into_iter().map(|(name, before, secret, behind)| {
        let text = format!("{before}{secret}{behind}");
        PlantedSecret {
            name,
            is_key: false,
            secret: secret.to_owned(),
            text,
        }
    }));
    all
}
