//! The catalogue of this node, made when it is first asked for and looked after from then on: at most every
//! [`LOOK`] milliseconds one request asks `sql` whether staff changed something, while the others read on.

use super::{Catalogue, entry, store};
use crate::{
    app::App,
    plans::{Included, Plan},
};
use base::{Cx, Result, Time, error::Chain, time::SECOND};
use parking_lot::RwLock;
use std::sync::Arc;
use tokio::sync::Mutex;

const LOOK: i64 = SECOND;

#[derive(Default)]
pub struct Library {
    current: RwLock<Option<Shown>>,
    /// Held by the one that looks.
    looking: Mutex<()>,
}

#[derive(Clone)]
struct Shown {
    catalogue: Arc<Catalogue>,
    stamp: i64,
    looked: Time,
}

impl Library {
    pub(super) async fn catalogue(&self, app: &App, cx: &Cx) -> Result<Arc<Catalogue>> {
        let shown = self.current.read().clone();
        let Some(shown) = shown else { return self.first(app, cx).await };
        if (0..LOOK).contains(&cx.now().since(shown.looked)) {
            return Ok(shown.catalogue);
        }
        let Ok(_turn) = self.looking.try_lock() else { return Ok(shown.catalogue) };
        match self.look(app, cx, Some(&shown)).await {
            Ok(catalogue) => Ok(catalogue),
            Err(error) => {
                // What was shown is still good to read.
                tracing::warn!(error = %Chain(&error), "the library of templates may be old");
                self.show(Shown { looked: cx.now(), ..shown.clone() });
                Ok(shown.catalogue)
            }
        }
    }

    async fn first(&self, app: &App, cx: &Cx) -> Result<Arc<Catalogue>> {
        let _turn = self.looking.lock().await;
        // Another one may have been first.
        let shown = self.current.read().clone();
        match shown {
            Some(shown) => Ok(shown.catalogue),
            None => self.look(app, cx, None).await,
        }
    }

    async fn look(&self, app: &App, cx: &Cx, shown: Option<&Shown>) -> Result<Arc<Catalogue>> {
        let mut tx = app.ports.sql.read().await?;
        let stamp = store::stamp(&mut tx).await?;
        let catalogue = if let Some(shown) = shown.filter(|shown| shown.stamp == stamp) {
            shown.catalogue.clone()
        } else {
            let added = store::all(&mut tx).await?;
            drop(tx);
            let size = |plan| Included::NoteLibrary.of_plan(&app.settings.plans, plan);
            let sizes = Plan::ALL.map(|plan| size(plan).and_then(|size| usize::try_from(size).ok()));
            Arc::new(Catalogue::new(entry::stock()?, &added, sizes))
        };
        self.show(Shown { catalogue: catalogue.clone(), stamp, looked: cx.now() });
        Ok(catalogue)
    }

    fn show(&self, shown: Shown) {
        *self.current.write() = Some(shown);
    }
}
