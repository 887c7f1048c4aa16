//! A release holds the files of `web/dist`; one that comes, goes or changes has to be taken in anew. Debug builds read them
//! from disk, and need not be built again for it.

use std::{env, path::Path};

#[expect(clippy::disallowed_methods, reason = "Cargo talks to build scripts by the environment")]
fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if env::var("PROFILE").as_deref() == Ok("release") {
        // While there is none, its folder is watched for it to come.
        let dist = "../../web/dist";
        println!("cargo:rerun-if-changed={}", if Path::new(dist).exists() { dist } else { "../../web" });
    }
}
