//! The house rules that no compiler checks. Each is a pure function from text to what breaks it, with tests of its
//! own on texts that do; here it is applied to the repository.

mod crates;
mod files;
mod licences;
mod links;
mod neutral;
mod rings;
mod shape;
mod shards;
mod source;

use files::File;

/// One text for all that is wrong, or nothing.
fn report(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{rule}:\n  {}\n", broken.join("\n  "));
}

fn each(files: &[File], rule: impl Fn(&File) -> Vec<String>) -> Vec<String> {
    let told = |file: &File| {
        let told = |what| format!("{}: {what}", file.path);
        rule(file).into_iter().map(told).collect::<Vec<_>>()
    };
    files.iter().flat_map(told).collect()
}

#[test]
fn inner_rings_never_import_outer_ones() {
    let broken = each(&files::rust(), |file| rings::broken(&file.path, &file.text));
    report("an inner ring of `harness/src` imports an outer one (see ARCHITECTURE.md)", &broken);
}

#[test]
fn gate_and_search_name_no_store() {
    let broken = each(&files::rust(), |file| neutral::broken(&file.path, &file.text));
    report("only `wire` and `store` may name a store (see ARCHITECTURE.md)", &broken);
}

#[test]
fn files_say_what_they_own_and_are_short() {
    report("the head or the length of a file", &each(&files::rust(), |file| shape::broken(&file.text)));
}

#[test]
fn nothing_is_silenced_skipped_or_slept_through() {
    let broken = each(&files::rust(), |file| shape::banned(&file.path, &file.text));
    report("something that the house rules ban (see CONTRIBUTING.md)", &broken);
}

#[test]
fn links_between_documents_lead_to_files() {
    let root = files::root();
    let broken = each(&files::documents(), |file| {
        links::broken(&file.path, &file.text, &|path| root.join(path).exists())
    });
    report("a link in a document leads nowhere", &broken);
}

#[test]
fn deployments_agree_with_themselves_on_the_number_of_shards() {
    let paths = ["ci/sharded.yml", "ci/kubernetes/shards.yaml", "ci/kubernetes/merge.yaml"];
    let told = |path: &&str| -> Vec<String> {
        shards::broken(&files::text(path)).into_iter().map(|what| format!("{path}: {what}")).collect()
    };
    report("a search on several machines", &paths.iter().flat_map(told).collect::<Vec<_>>());
}

#[test]
fn licences_of_all_dependencies_are_permissive() {
    let allowed = licences::allowed(&files::text("deny.toml"));
    assert!(!allowed.is_empty(), "deny.toml has a list of licences");
    report("licences (the list is in deny.toml)", &licences::broken(&crates::metadata(), &allowed));
}

#[test]
fn crates_depend_in_one_direction() {
    report("dependencies between our crates", &crates::broken(&crates::metadata()));
}
