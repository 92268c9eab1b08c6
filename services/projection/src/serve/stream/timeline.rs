//! The timeline that a stream follows, decided on and recorded.

use super::paced::{Follow, Looked};
use crate::disclose::{Ask, Followed, Watching};
use crate::serve::desk::{Credentials, Desk};
use crate::serve::timelines::now;

/// One child's timeline, as one reader may see it.
pub(super) struct Timeline {
    desk: Desk,
    shown: Credentials,
    ask: Ask,
    watching: Watching,
}

impl Timeline {
    /// Nothing given yet.
    pub(super) fn of(desk: Desk, shown: Credentials, ask: Ask) -> Self {
        Self { desk, shown, ask, watching: Watching::new() }
    }

    async fn look(&mut self) -> Looked {
        let (now_us, today) = now();
        // A token runs out, a certificate is taken back, while a stream is open.
        let Ok(caller) = self.desk.identify(&self.shown, today) else { return Looked::Narrowed };
        self.ask = Ask {
            caller,
            valid_on: today,
            today,
            asked_at_us: now_us,
            registry_generation: self.desk.registry_generation(),
            ..self.ask.clone()
        };
        let (ask, watching) = (self.ask.clone(), std::mem::take(&mut self.watching));
        let decided = self.desk.decide(move |discloser| Ok((discloser.follow(&ask, &watching), watching))).await;
        // What was given is no longer known.
        let Ok((followed, watching)) = decided else { return Looked::Narrowed };
        self.watching = watching;
        match followed {
            Ok(Followed::Same(unseen)) => {
                self.watching.remember(unseen);
                Looked::Same
            }
            Ok(Followed::Narrowed) => Looked::Narrowed,
            Ok(Followed::Changed(undisclosed)) => match self.desk.record(*undisclosed).await {
                Ok(changes) => Looked::Changed(changes.into_frames(&mut self.watching)),
                // Not on record: nothing of it is given, and it is decided again at the next moment.
                Err(_) => Looked::NotDone,
            },
            Err(error) => {
                tracing::error!("a child could not be read: {error}");
                Looked::NotDone
            }
        }
    }
}

impl Follow for Timeline {
    fn is_fresh(&self) -> bool {
        self.desk.is_fresh() && self.desk.policy_standing().1
    }

    fn may_have_changed(&self) -> bool {
        let generation = self.desk.registry_generation();
        self.desk.discloser.may_have_changed(&self.watching, generation, now())
    }

    async fn follow(mut self) -> (Self, Looked) {
        let looked = self.look().await;
        (self, looked)
    }
}
