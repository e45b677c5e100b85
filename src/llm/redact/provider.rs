//! Keys with the recognisable form of their provider.
//!
//! The patterns are our own, written from the providers' documentation. Maintained sets of patterns do not fit:
//! `redact-core` (0.12) looks for personal data and would add a second engine, `ripsecrets` (0.1) is a program with
//! about twenty patterns for source code, and `kingfisher-rules` (3.0) needs Rust 1.99 and contains rules under
//! CC-BY-SA; its older versions are YAML for a scanner that checks keys online.

use super::finding::FindingKind;
use super::finding::FindingKind::{ApiKey, Token};

/// The form of a key: a needle, the number of bytes before it, and the pattern of the whole key.
pub(super) struct KeyForm {
    /// The needle: the search ignores case.
    pub needle: &'static str,
    /// Number of bytes before the needle in which the match may start; 0: it starts with the needle.
    pub before: usize,
    /// The pattern of the whole key.
    pub pattern: &'static str,
    /// The kind.
    pub kind: FindingKind,
    /// Whether it must contain a digit, because without one it may be words.
    pub digit: bool,
}

pub(super) const fn key(needle: &'static str, pattern: &'static str) -> KeyForm {
    KeyForm {
        needle,
        before: 0,
        pattern,
        kind: ApiKey,
        digit: false,
    }
}

/// A key that could also be words joined by hyphens or underscores.
pub(super) const fn wordy(needle: &'static str, pattern: &'static str) -> KeyForm {
    KeyForm {
        digit: true,
        ..key(needle, pattern)
    }
}

pub(super) const fn of(kind: FindingKind, needle: &'static str, pattern: &'static str) -> KeyForm {
    KeyForm {
        kind,
        ..key(needle, pattern)
    }
}

pub(super) const fn around(before: usize, needle: &'static str, pattern: &'static str) -> KeyForm {
    KeyForm {
        before,
        ..key(needle, pattern)
    }
}

/// All forms. Upper bounds keep the search linear: a form that does not match has read a bounded number of bytes. For a
/// form that may start before its needle (`before`), the key is group 1 if there is one, else the whole match.
pub(super) const FORMS: &[KeyForm] = &[
    // Language models: OpenAI, Anthropic, OpenRouter, DeepSeek, Langfuse and others
    wordy("sk-", r"sk-[A-Za-z0-9_-]{16,}"),
    wordy("pk-lf-", r"pk-lf-[A-Za-z0-9-]{20,}"),
    wordy("sess-", r"sess-[A-Za-z0-9]{30,}"),
    key("gsk_", r"gsk_[A-Za-z0-9]{20,}"),
    key("xai-", r"xai-[A-Za-z0-9]{20,}"),
    key("pplx-", r"pplx-[A-Za-z0-9]{20,}"),
    wordy("nvapi-", r"nvapi-[A-Za-z0-9_-]{20,}"),
    wordy("tvly-", r"tvly-[A-Za-z0-9_-]{16,}"),
    key("r8_", r"r8_[A-Za-z0-9]{20,}"),
    key("fw_", r"fw_[A-Za-z0-9]{20,}"),
    key("hf_", r"hf_[A-Za-z0-9]{20,}"),
    key("api_org_", r"api_org_[A-Za-z0-9]{20,}"),
    wordy("csk-", r"csk-[A-Za-z0-9]{20,}"),
    wordy("esecret_", r"esecret_[A-Za-z0-9]{20,}"),
    wordy("lsv2_", r"lsv2_(?:pt|sk)_[A-Za-z0-9_]{20,}"),
    wordy("pcsk_", r"pcsk_[A-Za-z0-9_]{20,}"),
    wordy("wandb_v1_", r"wandb_v1_[A-Za-z0-9_]{20,}"),
    wordy("fc-", r"fc-[0-9a-f]{32}"),
    wordy("phc_", r"ph[cx]_[A-Za-z0-9]{30,}"),
    wordy("phx_", r"phx_[A-Za-z0-9]{30,}"),
    wordy("jina_", r"jina_[A-Za-z0-9_-]{30,}"),
    wordy("pa-", r"pa-[A-Za-z0-9_-]{40,}"),
    // Source code: GitHub, GitLab, Bitbucket, Atlassian (Gitea is found by the name before the value)
    key("ghp_", r"ghp_[A-Za-z0-9]{20,}"),
    key("gho_", r"gho_[A-Za-z0-9]{20,}"),
    key("ghu_", r"ghu_[A-Za-z0-9]{20,}"),
    key("ghs_", r"ghs_[A-Za-z0-9]{20,}"),
    key("ghr_", r"ghr_[A-Za-z0-9]{20,}"),
    key("github_pat_", r"github_pat_[A-Za-z0-9_]{20,}"),
    wordy(
        "gl",
        r"gl(?:pat|ptt|dt|rt|rtr|soat|cbt|ft|imt|oas|agent|ffct|wt)-[A-Za-z0-9_-]{16,}(?:\.[A-Za-z0-9_-]{2,}){0,2}",
    ),
    wordy("GR1348941", r"GR1348941[A-Za-z0-9_-]{20,}"),
    key("ATATT3", r"ATATT3[A-Za-z0-9_=-]{20,}"),
    key("ATCTT3", r"ATCTT3[A-Za-z0-9_=-]{20,}"),
    key("ATBB", r"ATBB[A-Za-z0-9]{24,}"),
    key("ATSTT3", r"ATSTT3[A-Za-z0-9_=-]{20,}"),
    // Chat: Slack, Telegram, Teams (for Discord's tokens see `bot_tokens`)
    wordy("xox", r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,}"),
    wordy("xapp-", r"xapp-[A-Za-z0-9-]{10,}"),
    wordy("xwfp-", r"xwfp-[A-Za-z0-9-]{10,}"),
    around(
        11,
        ":A",
        r"(?:^|[^0-9])([0-9]{8,10}:AA?[A-Za-z0-9_-]{32,36})(?:[^A-Za-z0-9_-]|$)",
    ),
    of(
        Token,
        "hooks.slack.com/",
        r"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9/_+-]{10,})",
    ),
    of(Token, "/api/webhooks/", r"/api/webhooks/([0-9]{5,}/[A-Za-z0-9_-]{10,})"),
    of(
        Token,
        "webhook.office.com/",
        r"(?i)webhook\.office\.com/webhookb2/([A-Za-z0-9@/_-]{20,})",
    ),
    of(
        Token,
        "outlook.office.com/webhook",
        r"(?i)outlook\.office\.com/webhook/([A-Za-z0-9@/_-]{20,})",
    ),
    of(
        Token,
        "hooks.zapier.com/",
        r"hooks\.zapier\.com/hooks/catch/([A-Za-z0-9/_-]{6,})",
    ),
    of(
        Token,
        "maker.ifttt.com/",
        r"maker\.ifttt\.com/trigger/[A-Za-z0-9_-]{1,80}/(?:json/)?with/key/([A-Za-z0-9_-]{10,})",
    ),
    of(
        Token,
        "chat.googleapis.com/",
        r"chat\.googleapis\.com/v1/spaces/([A-Za-z0-9_-]+/messages\?[A-Za-z0-9_=&%.~-]{20,})",
    ),
    of(
        Token,
        "open.feishu.cn/",
        r"open\.feishu\.cn/open-apis/bot/v2/hook/([A-Za-z0-9-]{20,})",
    ),
    of(Token, "hc-ping.com/", r"hc-ping\.com/([0-9A-Za-z-]{20,})"),
    // Clouds: Amazon, Google, Azure, Alibaba, Tencent, DigitalOcean, Heroku, Fly, Vercel, Netlify … (IBM by name)
    key("AKIA", r"AKIA[A-Z0-9]{16}(?-u:\b)"),
    key("ASIA", r"ASIA[A-Z0-9]{16}(?-u:\b)"),
    key("ABIA", r"ABIA[A-Z0-9]{16}(?-u:\b)"),
    key("ACCA", r"ACCA[A-Z0-9]{16}(?-u:\b)"),
    wordy("ABSK", r"ABSK[A-Za-z0-9+/]{80,}={0,2}"),
    wordy("IQoJb3JpZ2lu", r"IQoJb3JpZ2lu[A-Za-z0-9+/%]{40,}={0,2}"),
    wordy("FwoGZXIvYXdz", r"FwoGZXIvYXdz[A-Za-z0-9+/%]{40,}={0,2}"),
    wordy("FQoGZXIvYXdz", r"FQoGZXIvYXdz[A-Za-z0-9+/%]{40,}={0,2}"),
    key("AIza", r"AIza[A-Za-z0-9_-]{30,}"),
    wordy("AQ.Ab", r"AQ\.Ab[A-Za-z0-9_-]{30,}"),
    wordy("ya29.", r"ya29\.[A-Za-z0-9_.-]{20,}"),
    key("GOCSPX-", r"GOCSPX-[A-Za-z0-9_-]{20,}"),
    wordy("1//0", r"1//0[A-Za-z0-9_-]{30,}"),
    wordy("GOOG1", r"GOOG1[A-Z0-9]{20,}"),
    around(3, "8Q~", r"[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{31,34}"),
    around(3, "7Q~", r"[A-Za-z0-9_~.-]{3}7Q~[A-Za-z0-9_~.-]{31,34}"),
    key("LTAI", r"LTAI[A-Za-z0-9]{12,26}"),
    key("AKID", r"AKID[A-Za-z0-9]{32}"),
    key("dop_v1_", r"dop_v1_[0-9a-f]{32,}"),
    key("doo_v1_", r"doo_v1_[0-9a-f]{32,}"),
    key("dor_v1_", r"dor_v1_[0-9a-f]{32,}"),
    wordy("HRKU-", r"HRKU-[A-Za-z0-9_-]{30,}"),
    wordy("fo1_", r"fo1_[A-Za-z0-9_-]{30,}"),
    wordy("FlyV1 ", r"FlyV1 (f[mo][0-9]?r?_[A-Za-z0-9+/_,=-]{20,})"),
    wordy(
        "fm1",
        r"fm1[ar]?_[A-Za-z0-9+/_-]{30,}={0,2}|fm2_[A-Za-z0-9+/_-]{30,}={0,2}",
    ),
    wordy("fm2_", r"fm2_[A-Za-z0-9+/_-]{30,}={0,2}"),
    key("nfp_", r"nf[pcuob]_[A-Za-z0-9]{30,}"),
    key("vcp_", r"vc[pcikra]_[A-Za-z0-9]{20,}"),
    wordy("v1.0-", r"v1\.0-[0-9a-f]{24}-[0-9a-f]{40,}"),
    key("cfut_", r"cf(?:ut|at|k)_[A-Za-z0-9]{30,}"),
    key("rnd_", r"rnd_[A-Za-z0-9]{26,}"),
    wordy("dapi", r"dapi[0-9a-f]{32}(?:-[0-9]+)?"),
    key("dkea", r"dkea[0-9a-f]{32}"),
    wordy("dnkey", r"dnkey-[a-z0-9=_-]{26,}"),
    wordy("sbp_", r"sbp_[0-9a-f]{30,}"),
    wordy("sb_secret_", r"sb_secret_[A-Za-z0-9_-]{20,}"),
    wordy("pscale_", r"pscale_(?:tkn|pw|oauth|otkn)_[A-Za-z0-9_=.-]{20,}"),
    wordy("napi_", r"napi_[a-z0-9]{30,}"),
    wordy("scw_secret", r"scw_secret_[A-Za-z0-9-]{20,}"),
    wordy("tskey-", r"tskey-[a-z]{2,12}-[A-Za-z0-9-]{10,}"),
    wordy("rpa_", r"rpa_[A-Z0-9]{30,}[A-Za-z0-9]*"),
    wordy("ngrok", r"ngrok_[A-Za-z0-9_]{20,}"),
    // Build and release: npm, PyPI, RubyGems, crates.io, NuGet, Docker, Terraform, Pulumi, Artifactory …
    key("npm_", r"npm_[A-Za-z0-9]{30,}"),
    wordy("pypi-", r"pypi-[A-Za-z0-9_-]{50,}"),
    key("rubygems_", r"rubygems_[0-9a-f]{40,}"),
    wordy("cio", r"cio[A-Za-z0-9]{30,34}(?-u:\b)"),
    wordy("oy2", r"oy2[a-z0-9]{43}(?-u:\b)"),
    wordy("dckr_", r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}"),
    around(16, ".atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{40,}"),
    key("pul-", r"pul-[0-9a-f]{40}"),
    wordy("AKCp", r"AKCp[A-Za-z0-9]{40,}"),
    wordy("cmVmdGtu", r"cmVmdGtu[A-Za-z0-9+/=_-]{30,}"),
    wordy("sqp_", r"sq[pau]_[0-9a-f]{40}"),
    wordy("sqa_", r"sqa_[0-9a-f]{40}"),
    wordy("squ_", r"squ_[0-9a-f]{40}"),
    wordy("snyk_", r"snyk_[a-z]{2,4}_[A-Za-z0-9_.-]{20,}"),
    wordy("bkua_", r"bkua_[0-9a-f]{40}"),
    wordy("CCIPAT_", r"CCIPAT_[A-Za-z0-9_]{20,}"),
    wordy("CCIPRJ_", r"CCIPRJ_[A-Za-z0-9_]{20,}"),
    wordy("EZAK", r"EZ[AT]K[A-Za-z0-9]{50,}"),
    wordy("jfrt@", r"jfrt@[0-9a-z@]{20,}"),
    wordy("pat_", r"pat_[A-Za-z0-9]{30,}"),
    // Secret stores: Vault, Doppler, 1Password, Infisical, age, HashiCorp
    wordy("hvs.", r"hvs\.[A-Za-z0-9_-]{20,}"),
    wordy("hvb.", r"hvb\.[A-Za-z0-9_-]{20,}"),
    wordy("hvr.", r"hvr\.[A-Za-z0-9_-]{20,}"),
    wordy("s.", r"s\.[A-Za-z0-9]{24}(?:[^A-Za-z0-9._/-]|$)"),
    wordy(
        "dp.",
        r"dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,}",
    ),
    wordy("ops_", r"ops_eyJ[A-Za-z0-9_+/=-]{30,}"),
    key(
        "A3-",
        r"A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}",
    ),
    key("AGE-SECRET-KEY-", r"AGE-SECRET-KEY-[A-Z0-9-]{20,}"),
    wordy(
        "st.",
        r"st\.[0-9a-f]{24}\.[0-9a-f]{32}\.[0-9a-f]{32}|st\.[0-9a-f-]{36}\.[0-9a-f]{32}\.[0-9a-f]{32}",
    ),
    wordy("bws", r"bws[0-9]?\.[0-9a-f-]{36}\.[A-Za-z0-9+/=:]{20,}"),
    // Payment and mail: Stripe, Square, Shopify, Twilio, SendGrid, Mailgun, Mailchimp, Brevo … (PayPal by name)
    key("sk_live_", r"sk_live_[A-Za-z0-9_]{10,}"),
    key("sk_test_", r"sk_test_[A-Za-z0-9_]{10,}"),
    key("rk_live_", r"rk_live_[A-Za-z0-9_]{10,}"),
    key("rk_test_", r"rk_test_[A-Za-z0-9_]{10,}"),
    key("whsec_", r"whsec_[A-Za-z0-9+/]{16,}=*"),
    wordy("sq0", r"sq0[a-z]{3}-[A-Za-z0-9_-]{22,}"),
    wordy("EAAAE", r"EAAAE[A-Za-z0-9_-]{50,}"),
    wordy("EAAAl", r"EAAAl[A-Za-z0-9_-]{50,}"),
    key("shpat_", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    key("shpca_", r"shpca_[0-9a-fA-F]{32}"),
    key("shppa_", r"shppa_[0-9a-fA-F]{32}"),
    key("shpss_", r"shpss_[0-9a-fA-F]{32}"),
    wordy("SK", r"SK[0-9a-f]{32}(?-u:\b)"),
    wordy("AC", r"AC[0-9a-f]{32}(?-u:\b)"),
    wordy("SG.", r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    wordy("key-", r"key-[0-9a-f]{32}(?-u:\b)"),
    around(33, "-us", r"(?:^|[^0-9a-f])([0-9a-f]{32}-us[0-9]{1,2})(?-u:\b)"),
    key("xkeysib-", r"xkeysib-[0-9a-f]{40,}-[A-Za-z0-9]{10,}"),
    key("xsmtpsib-", r"xsmtpsib-[0-9a-f]{40,}-[A-Za-z0-9]{10,}"),
    key("re_", r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]{20,}"),
    wordy("mlsn.", r"mlsn\.[0-9a-f]{40,}"),
    key(
        "access_token$production$",
        r"access_token\$production\$[0-9a-z]{16}\$[0-9a-f]{32}",
    ),
    key("access-sandbox-", r"access-sandbox-[0-9a-f-]{36}"),
    key("access-production-", r"access-production-[0-9a-f-]{36}"),
    wordy("rzp_", r"rzp_(?:live|test)_[A-Za-z0-9]{12,}"),
    wordy("FLWSECK", r"FLWSECK(?:_TEST)?-[A-Za-z0-9-]{12,}"),
    wordy("live_", r"live_[A-Za-z0-9]{30,}"),
    wordy("pdl_", r"pdl_(?:live|sdbx)_apikey_[A-Za-z0-9_]{20,}"),
    // Monitoring: New Relic, Sentry, Grafana, Dynatrace, Honeycomb … (PagerDuty by name)
    key("NRAK-", r"NRAK-[A-Z0-9]{20,}"),
    key("NRJS-", r"NRJS-[0-9a-f]{19}"),
    wordy("NRII-", r"NRII-[A-Za-z0-9_-]{32}"),
    wordy("NRIQ-", r"NRIQ-[A-Za-z0-9_-]{32}"),
    around(36, "FFFFNRAL", r"[0-9a-fA-F]{32}FFFFNRAL"),
    around(36, "NRAL", r"[0-9a-f]{36}NRAL"),
    wordy("sntrys_", r"sntrys_[A-Za-z0-9+/=_-]{30,}"),
    wordy("sntryu_", r"sntryu_[0-9a-f]{40,}"),
    wordy("glsa_", r"glsa_[A-Za-z0-9]{32}_[0-9A-Fa-f]{8}"),
    wordy("glc_", r"glc_[A-Za-z0-9+/]{32,}={0,2}"),
    wordy("dt0", r"dt0[a-z][0-9]{2}\.[A-Z0-9]{8,}\.[A-Z0-9]{30,}"),
    wordy("hcaik_", r"hc[abx]ik_[a-z0-9]{40,}"),
    wordy("ddapi_", r"ddapi_[A-Za-z0-9]{20,}"),
    wordy("ddpat_", r"ddpat_[A-Za-z0-9_]{20,}"),
    wordy("pylf_", r"pylf_v[0-9]_[a-z]{2}_[A-Za-z0-9]{30,}"),
    // Office and other tools: Linear, Notion, Airtable, Asana, Figma, Dropbox, Postman, HubSpot, Contentful …
    key("lin_", r"lin_(?:api|oauth)_[A-Za-z0-9]{20,}"),
    key("ntn_", r"ntn_[A-Za-z0-9]{30,}"),
    key("secret_", r"secret_[A-Za-z0-9]{40,}"),
    wordy("pat", r"pat[A-Za-z0-9]{14}\.[0-9a-f]{40,}"),
    wordy("pat-na", r"pat-(?:na|eu)[0-9]-[0-9a-f-]{36}"),
    wordy("pat-eu", r"pat-eu[0-9]-[0-9a-f-]{36}"),
    wordy("figd_", r"fig[dour]+h?_[A-Za-z0-9_-]{30,}"),
    wordy("figo", r"figo[ur]h?_[A-Za-z0-9_-]{30,}"),
    wordy("sl.", r"sl\.(?:u\.)?[A-Za-z0-9_-]{40,}"),
    key("PMAK-", r"PMAK-[0-9a-f]{20,}-[0-9a-f]{30,}"),
    wordy("CFPAT-", r"CFPAT-[A-Za-z0-9_-]{40,}"),
    wordy("pk_", r"pk_[0-9]{5,9}_[A-Z0-9]{30,}"),
    wordy("tfp_", r"tfp_[A-Za-z0-9_.=-]{40,}"),
    wordy("cal_", r"cal_(?:live|test)_[0-9a-f]{30,}"),
    wordy("00D", r"00D[A-Za-z0-9]{12,15}![A-Za-z0-9._]{60,}"),
    wordy("EAA", r"EAA[A-Za-z0-9]{30,}"),
    wordy("IGQV", r"IGQV[A-Za-z0-9_-]{40,}"),
    wordy("AAAAAAAAAAAAAAAAAAAAA", r"A{21}[A-Za-z0-9%]{40,}"),
    wordy(
        "sdk-",
        r"(?:sdk|api|mob)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    ),
    wordy(
        "api-",
        r"api-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    ),
    wordy("ico-", r"ico-[A-Za-z0-9]{32}"),
    wordy("duffel_", r"duffel_(?:live|test)_[A-Za-z0-9_-]{30,}"),
    wordy("tk-us-", r"tk-us-[A-Za-z0-9_-]{40,}"),
    wordy("sk.eyJ", r"sk\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{15,}"),
    wordy("pk.eyJ", r"pk\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{15,}"),
    wordy("xprv", r"xprv[1-9A-HJ-NP-Za-km-z]{80,}"),
    wordy("sk_", r"sk_(?:[0-9a-f]{32,}|[a-z]{2,12}_[A-Za-z0-9_]{20,})"),
    wordy("tgp_v1_", r"tgp_v1_[A-Za-z0-9_-]{20,}"),
    wordy("KGAT_", r"KGAT_[0-9a-f]{30,}"),
    wordy("sgp_", r"sgp_[A-Za-z0-9_]{40,}"),
    wordy("sha256~", r"sha256~[A-Za-z0-9_-]{40,}"),
    wordy("oauth:", r"oauth:[a-z0-9]{30}(?-u:\b)"),
    wordy("pnu_", r"pn[ub]_[A-Za-z0-9]{30,}"),
    wordy("rdme_", r"rdme_[a-z0-9]{60,}"),
    wordy("shippo_", r"shippo_(?:live|test)_[0-9a-f]{30,}"),
    wordy("CLOJARS_", r"CLOJARS_[a-z0-9]{50,}"),
    wordy("fio-u-", r"fio-u-[A-Za-z0-9_=-]{50,}"),
    wordy("API-", r"API-[A-Z0-9]{25,26}(?-u:\b)"),
    wordy("p8e-", r"p8e-[A-Za-z0-9]{30,}"),
    wordy("signkey-", r"signkey-[a-z]{2,8}-[0-9a-f]{30,}"),
    wordy("tr_", r"tr_(?:dev|prod|stg|preview)_[A-Za-z0-9]{15,}"),
    wordy("AQVN", r"AQVN[A-Za-z0-9_-]{35,}"),
    wordy("t1.9eu", r"t1\.9eu[A-Za-z0-9_.-]{40,}"),
    wordy("ak-", r"a[ks]-[A-Za-z0-9]{22}(?-u:\b)"),
    wordy("as-", r"as-[A-Za-z0-9]{22}(?-u:\b)"),
    wordy("apify_api_", r"apify_api_[A-Za-z0-9]{30,}"),
    wordy("LINEAR_", r"LINEAR_[A-Za-z0-9]{40,}"),
    wordy("ATOM", r"ATOM[A-Z0-9]{30,}"),
    around(12, ":APA91b", r"[A-Za-z0-9_-]{7,11}:APA91b[A-Za-z0-9_-]{60,}"),
    around(48, "_mmk", r"[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk"),
];
