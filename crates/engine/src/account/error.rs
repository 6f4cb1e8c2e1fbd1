//! What can go wrong with accounts and sign-in.

use tailwater_core::diagnostic::Diagnostic;

use super::Role;

/// Why something about accounts or sign-in was refused.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// Name or password is wrong. Never says which.
    #[error("this name and password do not belong together")]
    SignIn,
    /// The account exists, the password is right, and an admin has disabled it.
    #[error("the account `{name}` is disabled")]
    Disabled {
        /// The sign-in name.
        name: String,
    },
    /// Too many attempts.
    #[error("too many attempts to sign in: try again in {seconds} s")]
    TooManyAttempts {
        /// How long to wait.
        seconds: u64,
    },
    /// Who asks may not do it.
    #[error("`{who}` is {role} and this needs the role {needed}")]
    NotAllowed {
        /// Who asks.
        who: String,
        /// What they are.
        role: Role,
        /// What they would have to be.
        needed: Role,
    },
    /// A program wants what only people may do.
    #[error("a token cannot {what}")]
    NotForTokens {
        /// What was tried.
        what: &'static str,
    },
    /// A token shall be able to do more than its maker.
    #[error("a token of the role {wanted} cannot be made by `{who}`, who is {role}")]
    RoleTooHigh {
        /// Who asks.
        who: String,
        /// What they are.
        role: Role,
        /// What the token should be.
        wanted: Role,
    },
    /// A password that is too easily guessed, or too long.
    #[error("the password is no good: {reason}")]
    Password {
        /// Why not.
        reason: &'static str,
    },
    /// A name that is no sign-in name.
    #[error("`{name}` is not a good name for {what}")]
    Name {
        /// `a user` or `a token`.
        what: &'static str,
        /// The name, shortened.
        name: String,
    },
    /// A display name or e-mail address that makes no sense.
    #[error("the {field} is no good: {reason}")]
    Field {
        /// `display name` or `e-mail address`.
        field: &'static str,
        /// Why not.
        reason: &'static str,
    },
    /// An expiry that has passed.
    #[error("the token would have expired before it is made")]
    ExpiryPassed,
    /// The present password is wrong.
    #[error("the present password is wrong")]
    PresentPassword,
    /// The link is for something else.
    #[error("this link is not good for that")]
    OtherLink,
    /// No token has this id or name.
    #[error("there is no token `{token}`")]
    UnknownToken {
        /// What was asked for.
        token: String,
    },
    /// What the store holds as the hash of a password is none.
    #[error("the stored hash of the password cannot be read")]
    Hash {
        /// What is wrong with it.
        source: argon2::password_hash::Error,
    },
    /// The system gives no random numbers or threads.
    #[error("the system gives no {what}")]
    System {
        /// What was needed.
        what: &'static str,
    },
}

impl Diagnostic for AccountError {
    fn code(&self) -> &'static str {
        match self {
            Self::SignIn => "TW-AUTH-SIGN-IN",
            Self::Disabled { .. } => "TW-AUTH-DISABLED",
            Self::TooManyAttempts { .. } => "TW-AUTH-TOO-MANY",
            Self::NotAllowed { .. } => "TW-AUTH-ROLE",
            Self::NotForTokens { .. } => "TW-AUTH-NOT-FOR-TOKENS",
            Self::RoleTooHigh { .. } => "TW-ACCOUNT-ROLE-TOO-HIGH",
            Self::Password { .. } => "TW-ACCOUNT-PASSWORD",
            Self::Name { .. } => "TW-ACCOUNT-NAME",
            Self::Field { .. } => "TW-ACCOUNT-FIELD",
            Self::ExpiryPassed => "TW-ACCOUNT-EXPIRY",
            Self::PresentPassword => "TW-ACCOUNT-PRESENT-PASSWORD",
            Self::OtherLink => "TW-ACCOUNT-OTHER-LINK",
            Self::UnknownToken { .. } => "TW-ACCOUNT-UNKNOWN-TOKEN",
            Self::Hash { .. } => "TW-ACCOUNT-HASH",
            Self::System { .. } => "TW-ACCOUNT-SYSTEM",
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::SignIn | Self::PresentPassword => {
                "check both; an admin can make a link to set the password anew: `tailwater user link NAME`".to_owned()
            }
            Self::Disabled { .. } => "ask an admin to enable it again".to_owned(),
            Self::TooManyAttempts { .. } => {
                "wait; an admin can make a link to set the password anew: `tailwater user link NAME`".to_owned()
            }
            Self::NotAllowed { needed, .. } => format!("ask somebody with the role {needed}"),
            Self::NotForTokens { .. } => "sign in as a user, or use the command line beside the store".to_owned(),
            Self::RoleTooHigh { role, .. } => format!("choose the role {role} or a weaker one"),
            Self::Password { .. } => format!(
                "take {} characters or more; several words that do not belong together do well",
                super::SHORTEST_PASSWORD
            ),
            Self::Name { .. } => {
                "use letters, digits, `.`, `_`, `-`, `+` and `@`, starting with a letter or digit, 64 characters at most"
                    .to_owned()
            }
            Self::Field { .. } => "leave it empty, or correct it".to_owned(),
            Self::ExpiryPassed => "choose a later day, or none".to_owned(),
            Self::OtherLink => "open the link itself instead".to_owned(),
            Self::UnknownToken { .. } => "`tailwater token list` shows those that there are".to_owned(),
            Self::Hash { .. } => "set the password anew: `tailwater user password NAME`".to_owned(),
            Self::System { .. } => return None,
        })
    }
}
