//! Every transcript in the documents (fenced as `console`) is run and compared, standard output, errors and exit code. `TRYCMD=overwrite cargo test --test
//! transcripts` accepts what is printed now.
#![allow(missing_docs, reason = "tests have no API")]

#[test]
fn transcripts_in_the_documents_are_what_is_printed() {
    trycmd::TestCases::new().case("docs/commands.md").run();
}
