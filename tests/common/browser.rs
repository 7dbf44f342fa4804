//! Pages opened in headless Chromium.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::root;

/// `./test --all` installs Chromium and sets FLASHSTALL_NEED_TOOLS; without it this test has nothing to look with.
pub fn chromium() -> Option<&'static str> {
    let found = Command::new("chromium").arg("--version").output().is_ok();
    assert!(
        found || std::env::var_os("FLASHSTALL_NEED_TOOLS").is_none(),
        "no chromium"
    );
    found.then_some("chromium")
}

/// The page with a probe of `tests/gate` in it, opened: what the probe saw, and what the browser wrote to its console.
pub fn opened(browser: &str, page: &str, name: &str, probe: &str) -> (serde_json::Value, String) {
    let folder: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("html")
        .join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let early = "<script>window.seen = { errors: [] };\
                 addEventListener('error', (e) => seen.errors.push(e.message));\
                 addEventListener('securitypolicyviolation', (e) => seen.errors.push(e.violatedDirective));\
                 </script>";
    let probe = std::fs::read_to_string(root().join("tests/gate").join(probe)).unwrap();
    let page = page
        .replacen("<style>", &format!("{early}<style>"), 1)
        .replacen("</body>", &format!("<script>{probe}</script></body>"), 1);
    let file = folder.join("page.html");
    std::fs::write(&file, page).unwrap();
    let output = Command::new(browser)
        .args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
            "--window-size=1200,900",
            "--virtual-time-budget=5000",
            "--dump-dom",
        ])
        .arg(format!(
            "--user-data-dir={}",
            folder.join("profile").display()
        ))
        .arg(format!("file://{}", file.display()))
        .output()
        .unwrap();
    let dom = String::from_utf8_lossy(&output.stdout);
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    let seen = dom
        .split("data-seen=\"")
        .nth(1)
        .and_then(|s| s.split('"').next());
    let seen = percent_decoded(seen.unwrap_or_else(|| panic!("no answer: {log}")));
    let console: String = log.lines().filter(|l| l.contains("CONSOLE")).collect();
    (serde_json::from_str(&seen).unwrap(), console)
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(b) = rest.next() {
        if b == b'%' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            let digits = std::str::from_utf8(&digits).unwrap();
            bytes.push(u8::from_str_radix(digits, 16).unwrap());
        } else {
            bytes.push(b);
        }
    }
    String::from_utf8(bytes).unwrap()
}
