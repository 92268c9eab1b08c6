//! Who is calling: the organisation by its client certificate, the person and their roles by a token that the
//! organisation's own issuer signed. Nothing of either is ever read from the request.

use std::collections::BTreeSet;

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use proto::sharing::{DenialReason, RoleGroup, StepUp};
use serde::Deserialize;
use sharing::Principal;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::limits::Who;

/// The audience that a token must be for.
pub const AUDIENCE: &str = "throughline";

/// An authenticated caller.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Caller {
    /// The organisation id.
    pub organisation: String,
    /// The token's "sub".
    pub person: String,
    /// Staff, or one of a family.
    pub standing: Standing,
    /// Roles, of staff.
    pub roles: BTreeSet<RoleGroup>,
    /// The account is in good standing, as its issuer says.
    pub active: bool,
    /// Safeguarding training is current, as its issuer says.
    pub trained: bool,
}

impl Caller {
    /// Who asks, as the rules know them. Whom somebody of a family is to a child is not said here: it is what was recorded.
    pub fn principal(&self) -> Principal {
        let (organisation, person) = (self.organisation.clone(), self.person.clone());
        match &self.standing {
            Standing::Staff => Principal::Staff {
                organisation,
                person,
                roles: self.roles.clone(),
                active: self.active,
                trained: self.trained,
            },
            Standing::Family { issuer } => Principal::Person { organisation, issuer: issuer.clone(), person },
        }
    }

    /// By what their requests are counted.
    pub(super) fn who(&self) -> Who {
        let (organisation, person) = (self.organisation.clone(), self.person.clone());
        Who { organisation, family: self.standing != Standing::Staff, person }
    }
}

/// In what capacity somebody calls.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Works for the organisation.
    Staff,
    /// A young person, a parent or a carer, for whom this issuer of tokens vouches.
    Family {
        /// The token's "iss".
        issuer: String,
    },
}

/// What the service must know of an organisation to authenticate its people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Issuer {
    /// The organisation id.
    pub organisation: String,
    /// The token's "iss".
    pub token_issuer: String,
    /// PEM.
    pub token_key_pem: String,
    /// It names people who are not staff, and is believed in that.
    pub vouches_for_people: bool,
}

/// A caller whose token's signature holds.
#[derive(Clone, Debug)]
pub struct Verified {
    /// Who calls.
    pub caller: Caller,
    /// When the token runs out, seconds since 1970.
    pub expires_at_s: u64,
    /// How its person signed in.
    pub sign_in: SignIn,
}

/// How somebody signed in, as their token says it (OpenID Connect Core 1.0, section 2).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SignIn {
    /// When, seconds since 1970 ("auth_time").
    pub at_s: Option<u64>,
    /// By what class of means ("acr").
    pub class: Option<String>,
}

impl SignIn {
    /// Whether this is what an organisation asks of its people before they break the glass.
    pub fn is_fresh(&self, asked: Option<&StepUp>, now_s: u64) -> bool {
        let Some(asked) = asked else { return true };
        // Signed in later than now is signed in never: its clock is not ours.
        let recent = |at_s: u64| now_s.checked_sub(at_s).is_some_and(|ago_s| ago_s <= asked.seconds_max().into());
        let in_time = asked.seconds_max() == 0 || self.at_s.is_some_and(recent);
        let by_means = asked.acr.is_empty() || self.class.as_ref().is_some_and(|class| asked.acr.contains(class));
        in_time && by_means
    }
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    exp: f64,
    #[serde(default)]
    standing: Claimed,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    active: bool,
    #[serde(default)]
    trained: bool,
    #[serde(default)]
    auth_time: Option<f64>,
    #[serde(default)]
    acr: Option<String>,
}

/// What a token can say of somebody's standing: never whose parent they are.
#[derive(Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Claimed {
    #[default]
    Staff,
    Family,
}

/// The DNS names that a client certificate carries. The chain was checked by TLS before this is asked.
pub fn certificate_names(certificate_der: &[u8]) -> Vec<String> {
    let Ok((_, certificate)) = X509Certificate::from_der(certificate_der) else { return Vec::new() };
    let Ok(Some(names)) = certificate.subject_alternative_name() else { return Vec::new() };
    let dns = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        _ => None,
    };
    names.value.general_names.iter().filter_map(dns).collect()
}

/// Reads the caller's token, and checks its signature.
///
/// # Errors
/// `TOKEN_REFUSED`, whatever is wrong with it: which part is nobody's business but the log's.
pub fn verify(authorization: Option<&str>, issuer: &Issuer) -> Result<Verified, DenialReason> {
    let refused = DenialReason::TokenRefused;
    let token = authorization.and_then(|value| value.strip_prefix("Bearer ")).ok_or(refused)?;
    let algorithm = decode_header(token).map_err(|_| refused)?.alg;
    let pem = issuer.token_key_pem.as_bytes();
    // The key decides the algorithm: a token cannot ask to be checked in another way.
    let key = match algorithm {
        Algorithm::EdDSA => DecodingKey::from_ed_pem(pem),
        Algorithm::ES256 => DecodingKey::from_ec_pem(pem),
        _ => return Err(refused),
    }
    .map_err(|_| refused)?;
    let mut validation = Validation::new(algorithm);
    validation.set_issuer(&[&issuer.token_issuer]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.leeway = 0;
    let claims = decode::<Claims>(token, &key, &validation).map_err(|_| refused)?.claims;
    let roles: BTreeSet<RoleGroup> =
        claims.roles.iter().map(|name| role(name)).collect::<Option<_>>().ok_or(refused)?;
    let standing = match claims.standing {
        Claimed::Staff => Standing::Staff,
        // A role is of somebody who works for the organisation.
        Claimed::Family if issuer.vouches_for_people && roles.is_empty() => {
            Standing::Family { issuer: issuer.token_issuer.clone() }
        }
        Claimed::Family => return Err(refused),
    };
    if claims.sub.is_empty() || claims.sub.len() > PERSON_BYTES_MAX {
        return Err(refused);
    }
    let caller = Caller {
        organisation: issuer.organisation.clone(),
        person: claims.sub,
        standing,
        roles,
        active: claims.active,
        trained: claims.trained,
    };
    let sign_in = SignIn { at_s: claims.auth_time.map(|at| at as u64), class: claims.acr };
    Ok(Verified { caller, expires_at_s: claims.exp as u64, sign_in })
}

/// A longer name of a person would not fit the record of a disclosure.
pub const PERSON_BYTES_MAX: usize = 64;

fn role(name: &str) -> Option<RoleGroup> {
    RoleGroup::from_str_name(&format!("ROLE_GROUP_{}", name.to_uppercase())).filter(|r| *r != RoleGroup::Unspecified)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::{Value, json};

    const NOW_S: u64 = 4_000_000_000;

    pub(in crate::serve) struct Keys {
        private_pem: String,
        pub(in crate::serve) issuer: Issuer,
    }

    pub(in crate::serve) fn keys() -> Keys {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        let issuer = Issuer {
            organisation: "school-8789001".into(),
            token_issuer: "https://id.school-8789001.invalid".into(),
            token_key_pem: pair.public_key_pem(),
            vouches_for_people: false,
        };
        Keys { private_pem: pair.serialize_pem(), issuer }
    }

    pub(in crate::serve) fn good_claims(issuer: &Issuer) -> Value {
        json!({
            "iss": issuer.token_issuer, "aud": AUDIENCE, "sub": "t.invented", "exp": NOW_S,
            "roles": ["safeguarding", "school_pastoral"], "active": true, "trained": true,
        })
    }

    pub(in crate::serve) fn signed(keys: &Keys, claims: &Value) -> String {
        let key = EncodingKey::from_ed_pem(keys.private_pem.as_bytes()).unwrap();
        format!("Bearer {}", encode(&Header::new(Algorithm::EdDSA), claims, &key).unwrap())
    }

    fn caller(authorization: Option<&str>, issuer: &Issuer) -> Result<Caller, DenialReason> {
        verify(authorization, issuer).map(|verified| verified.caller)
    }

    #[test]
    fn a_good_token_says_who_calls() {
        let keys = keys();
        let caller = caller(Some(&signed(&keys, &good_claims(&keys.issuer))), &keys.issuer).unwrap();
        assert_eq!(caller.organisation, "school-8789001");
        assert_eq!(caller.person, "t.invented");
        assert_eq!(caller.roles, BTreeSet::from([RoleGroup::Safeguarding, RoleGroup::SchoolPastoral]));
        assert!(caller.active && caller.trained && caller.standing == Standing::Staff);
    }

    #[test]
    fn anything_else_is_refused() {
        let (ours, theirs) = (keys(), keys());
        let with = |key: &str, value: Value| {
            let mut claims = good_claims(&ours.issuer);
            claims[key] = value;
            signed(&ours, &claims)
        };
        let family = |keys: &Keys, roles: &[&str]| {
            let mut claims = good_claims(&keys.issuer);
            (claims["standing"], claims["roles"]) = (json!("family"), json!(roles));
            signed(keys, &claims)
        };
        let mut vouching = keys();
        vouching.issuer.vouches_for_people = true;
        let known = caller(Some(&family(&vouching, &[])), &vouching.issuer).unwrap();
        assert_eq!(known.standing, Standing::Family { issuer: vouching.issuer.token_issuer.clone() });
        let with_a_role = caller(Some(&family(&vouching, &["safeguarding"])), &vouching.issuer);
        assert_eq!(with_a_role, Err(DenialReason::TokenRefused), "nobody is both");
        let cases = [
            ("no token", None),
            ("not a bearer", Some("Basic abc".to_owned())),
            (
                "no signature",
                Some(signed(&ours, &good_claims(&ours.issuer)).rsplit_once('.').unwrap().0.to_owned() + "."),
            ),
            ("another organisation's key", Some(signed(&theirs, &good_claims(&ours.issuer)))),
            ("another issuer", Some(with("iss", json!("https://id.elsewhere.invalid")))),
            ("another audience", Some(with("aud", json!("elsewhere")))),
            ("expired", Some(with("exp", json!(1_000)))),
            ("no expiry", Some(with("exp", Value::Null))),
            ("no person", Some(with("sub", json!("")))),
            ("a person too long to record", Some(with("sub", json!("x".repeat(PERSON_BYTES_MAX + 1))))),
            ("a parent, in the token's own word", Some(with("standing", json!("parent_pr")))),
            ("the child, likewise", Some(with("standing", json!("subject")))),
            ("a family for whom the organisation may not vouch", Some(family(&ours, &[]))),
            ("a role that there is not", Some(with("roles", json!(["superuser"])))),
        ];
        for (what, token) in cases {
            assert_eq!(caller(token.as_deref(), &ours.issuer), Err(DenialReason::TokenRefused), "{what}");
        }
    }

    #[test]
    fn missing_standing_and_training_are_not_assumed() {
        let keys = keys();
        let claims = json!({"iss": keys.issuer.token_issuer, "aud": AUDIENCE, "sub": "x", "exp": NOW_S});
        let caller = caller(Some(&signed(&keys, &claims)), &keys.issuer).unwrap();
        assert!(!caller.active && !caller.trained && caller.roles.is_empty());
    }

    #[test]
    fn a_certificate_says_its_names() {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = rcgen::CertificateParams::new(vec!["school-8789001.invalid".to_owned()])
            .unwrap()
            .self_signed(&key)
            .unwrap();
        assert_eq!(certificate_names(certificate.der()), ["school-8789001.invalid"]);
        assert!(certificate_names(b"no certificate").is_empty());
    }

    #[test]
    fn a_sign_in_is_as_fresh_and_as_strong_as_an_organisation_asks() {
        let asks = |seconds_max, acr: &[&str]| StepUp {
            seconds_max: Some(seconds_max),
            acr: acr.iter().map(|class| (*class).to_owned()).collect(),
        };
        let sign_in = SignIn { at_s: Some(1_000), class: Some("mfa".into()) };
        assert!(SignIn::default().is_fresh(None, 9_999) && SignIn::default().is_fresh(Some(&asks(0, &[])), 9_999));
        let cases = [
            (asks(300, &[]), 1_300, true),
            (asks(300, &[]), 1_301, false),
            (asks(300, &[]), 999, false),
            (asks(0, &["mfa", "smartcard"]), 9_999, true),
            (asks(0, &["smartcard"]), 1_000, false),
            (asks(300, &["mfa"]), 1_301, false),
        ];
        for (asked, now_s, fresh) in cases {
            assert_eq!(sign_in.is_fresh(Some(&asked), now_s), fresh, "{asked:?} at {now_s}");
            assert!(!SignIn::default().is_fresh(Some(&asked), now_s), "a token that does not say");
        }
    }
}
