//! Who may do what to what, in the protocol's own numbers: what another tool has set is shown, even where this one would
//! never set it.

use std::fmt;

/// One right, or one denial.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Acl {
    /// As the broker knows it: `User:` and a SCRAM user, or a name that its rules make of a certificate.
    pub principal: String,
    /// The kind of what it is about.
    pub resource: Resource,
    /// Its name.
    pub name: String,
    /// How the name is to be read.
    pub pattern: Pattern,
    /// What may be done.
    pub operation: Operation,
    /// Or may not.
    pub permission: Permission,
    /// From where; `*` from anywhere.
    pub host: String,
}

impl fmt::Display for Acl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { principal, permission, operation, .. } = self;
        write!(f, "{principal} {permission} {operation} on {}", self.on())?;
        if self.host == "*" { Ok(()) } else { write!(f, " from {}", self.host) }
    }
}

impl Acl {
    /// What it is about, as a person reads it: `topic throughline.keys.v1`.
    pub fn on(&self) -> String {
        let Self { resource, name, pattern, .. } = self;
        match *pattern {
            Pattern::PREFIXED => format!("{resource} {name}..."),
            _ if *resource == Resource::CLUSTER => resource.to_string(),
            _ => format!("{resource} {name}"),
        }
    }
}

macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $constant:ident = $number:literal $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub struct $name(pub i8);

        impl $name {
            $(
                $(#[$each])*
                pub const $constant: Self = Self($number);
            )*

            /// By the name that it is written with.
            pub fn named(text: &str) -> Option<Self> {
                match text {
                    $($text => Some(Self::$constant),)*
                    _ => None,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self.0 {
                    $($number => f.write_str($text),)*
                    other => write!(f, "({other})"),
                }
            }
        }
    };
}

numbered! {
    /// The kind of what a right is about.
    Resource {
        /// A topic.
        TOPIC = 2 "topic",
        /// A consumer group.
        GROUP = 3 "group",
        /// The cluster itself.
        CLUSTER = 4 "cluster",
        /// A transactional producer. Nothing here uses one.
        TRANSACTIONAL_ID = 5 "transactional id",
        /// A delegation token. Nothing here uses one.
        DELEGATION_TOKEN = 6 "delegation token",
        /// Another principal's tokens. Nothing here uses it.
        USER = 7 "user",
    }
}

numbered! {
    /// How a right's name is to be read.
    Pattern {
        /// This one; `*` for all.
        LITERAL = 3 "literal",
        /// Every one that begins so.
        PREFIXED = 4 "prefixed",
    }
}

numbered! {
    /// What may be done. Of a topic, each of read, write, delete and alter brings describe with it, and alter_configs brings
    /// describe_configs.
    Operation {
        /// Everything.
        ALL = 2 "all",
        /// Fetch from a topic; be a member of a group.
        READ = 3 "read",
        /// Append to a topic.
        WRITE = 4 "write",
        /// Make it.
        CREATE = 5 "create",
        /// Delete it, or records of it.
        DELETE = 6 "delete",
        /// Alter it; of the cluster: who may do what.
        ALTER = 7 "alter",
        /// See that it is there, and where it ends; of the cluster: who may do what.
        DESCRIBE = 8 "describe",
        /// What brokers do among themselves.
        CLUSTER_ACTION = 9 "cluster_action",
        /// See its configuration.
        DESCRIBE_CONFIGS = 10 "describe_configs",
        /// Alter its configuration.
        ALTER_CONFIGS = 11 "alter_configs",
        /// Of the cluster, before Kafka 2.8: produce idempotently.
        IDEMPOTENT_WRITE = 12 "idempotent_write",
    }
}

numbered! {
    /// Whether a right is one.
    Permission {
        /// It is denied, whatever else is allowed.
        DENY = 2 "deny",
        /// It is allowed.
        ALLOW = 3 "allow",
    }
}
