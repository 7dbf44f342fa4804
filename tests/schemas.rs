//! The JSON schemas in `docs/` are those of the types.

mod common;

#[test]
fn committed_schemas_are_current() {
    for (name, text) in flashstall::schema::all() {
        let path = common::root().join("docs").join(name);
        if std::env::var_os("FLASHSTALL_BLESS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == text,
            "{} is out of date; FLASHSTALL_BLESS=1 writes it",
            path.display()
        );
    }
}
