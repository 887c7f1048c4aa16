//! The app for couples, brought along by the binary. A release holds the files themselves; a debug build reads `web/dist`
//! when it starts. A build without Node has none, and the server then answers the API and its own pages.

use app::edge::site::Site;
use rust_embed::Embed;

#[derive(Embed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Build;

pub(crate) fn site() -> Option<Site> {
    Site::of(Build::iter().filter_map(|name| Some((name.to_string(), Build::get(&name)?.data))))
}
