//! The imports of the source files, held to the table of rooms in ARCHITECTURE.md.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::source::source_files;
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemUse, UseTree, Visibility};

/// Files that import each other because what they read may be within what they read.
const RECURSIVE: [&[&str]; 2] = [
    // UTF-16 text is searched as bytes, and encoded text as decoded, by the search that found it.
    &[
        "detect::narrowed",
        "detect::nested",
        "detect::nested::packed",
        "detect::nested::run",
        "detect::scanner",
    ],
    // A container holds contents, which may be containers.
    &[
        "unpack::blocks",
        "unpack::compressed",
        "unpack::cpio",
        "unpack::encoded",
        "unpack::format",
        "unpack::git_objects",
        "unpack::level",
        "unpack::probes",
        "unpack::raw",
        "unpack::safetensors",
        "unpack::sevenz",
        "unpack::tar",
        "unpack::zip",
    ],
];

/// Modules above the table: they put the library together.
const ABOVE: [&str; 3] = ["", "main", "internals"];

/// A module by its path below the crate: `detect::encoding`.
type Module = String;

#[derive(Default)]
struct Source {
    /// Paths that the code of the module names, in full.
    paths: BTreeSet<Vec<String>>,
    /// Names that the module exports from elsewhere, each with the full path of its origin.
    exports: BTreeMap<String, Vec<String>>,
}

/// Collects the paths of one module.
struct Collector<'a> {
    module: &'a [String],
    source: Source,
}

impl Collector<'_> {
    /// The full path of what `path` names here; none for other crates and local names.
    fn resolve(&self, path: &[String]) -> Option<Vec<String>> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some([self.module, rest].concat()),
            "super" => {
                let up = path.iter().take_while(|part| *part == "super").count();
                let base = self.module.get(..self.module.len().checked_sub(up)?)?;
                Some([base, &path[up..]].concat())
            }
            _ => Some([self.module, path].concat()),
        }
    }

    fn tree(&mut self, tree: &UseTree, before: &[String], exported: bool) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        let (path, name) = match tree {
            UseTree::Path(path) => return self.tree(&path.tree, &with(&path.ident), exported),
            UseTree::Group(group) => {
                return group.items.iter().for_each(|item| self.tree(item, before, exported));
            }
            UseTree::Glob(_) => (before.to_vec(), None),
            UseTree::Name(name) if name.ident == "self" => (before.to_vec(), before.last().cloned()),
            UseTree::Name(name) => (with(&name.ident), Some(name.ident.to_string())),
            UseTree::Rename(rename) => (with(&rename.ident), Some(rename.rename.to_string())),
        };
        if let Some(full) = self.resolve(&path) {
            if let (true, Some(name)) = (exported, name) {
                self.source.exports.insert(name, full.clone());
            }
            self.source.paths.insert(full);
        }
    }
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Ident>().is_ok_and(|condition| condition == "test")
    })
}

impl<'ast> Visit<'ast> for Collector<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Mod(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !is_for_tests(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.tree(&item.tree, &[], !matches!(item.vis, Visibility::Inherited));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts: Vec<String> = path.segments.iter().map(|part| part.ident.to_string()).collect();
        if matches!(parts[0].as_str(), "crate" | "super" | "self")
            && parts.len() > 1
            && let Some(full) = self.resolve(&parts)
        {
            self.source.paths.insert(full);
        }
        visit::visit_path(self, path);
    }
}

/// All modules of the library with what they import.
fn sources() -> BTreeMap<Module, Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let paths = source_files(&root);
    let source = |path: PathBuf| {
        let below = path.strip_prefix(&root).unwrap().with_extension("");
        let mut parts: Vec<String> = below.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
        parts.retain(|part| part != "mod" && part != "lib");
        let mut collector = Collector { module: &parts, source: Source::default() };
        collector.visit_file(&syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap());
        (parts.join("::"), collector.source)
    };
    paths.into_iter().map(source).collect()
}

/// The module that defines what a full path names, through the exports of others.
fn defined_in(sources: &BTreeMap<Module, Source>, path: &[String], depth: usize) -> Option<Module> {
    let known = (0..=path.len()).rev().find(|&len| sources.contains_key(&path[..len].join("::")))?;
    let module = path[..known].join("::");
    let export = path.get(known).and_then(|name| sources[&module].exports.get(name));
    match export {
        Some(export) if depth < 8 && export != path => {
            defined_in(sources, export, depth + 1).or(Some(module))
        }
        _ => Some(module),
    }
}

/// Returns the modules that each module imports.
fn imports(sources: &BTreeMap<Module, Source>) -> BTreeMap<&str, BTreeSet<Module>> {
    let of = |(module, source): (&'_ Module, &Source)| {
        let imported = source.paths.iter().filter_map(|path| defined_in(sources, path, 0));
        imported.filter(|other| other != module && !other.is_empty()).collect()
    };
    sources.iter().map(|(module, source)| (module.as_str(), of((module, source)))).collect()
}

fn room(module: &str) -> &str {
    module.split("::").next().unwrap()
}

/// The table: rooms with their rank, and the rooms that each imports. The root files share the last row.
fn table() -> (BTreeMap<String, usize>, BTreeMap<String, BTreeSet<String>>) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md");
    let page = fs::read_to_string(page).unwrap();
    let rows = page.lines().skip_while(|line| *line != "| room | holds | imports |").skip(2);
    let (mut ranks, mut imports) = (BTreeMap::new(), BTreeMap::new());
    for (rank, row) in rows.take_while(|line| line.starts_with("| ")).enumerate() {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let imported: BTreeSet<String> =
            cells[2].split(", ").filter(|room| *room != "–").map(str::to_owned).collect();
        for room in cells[0].split(", ") {
            let room = room.trim_matches('`').to_owned();
            ranks.insert(room.clone(), rank);
            imports.insert(room, imported.clone());
        }
    }
    assert!(ranks.len() > 25, "{ranks:?}");
    (ranks, imports)
}

#[test]
fn rooms_import_what_the_table_says_and_all_of_that_is_below_them() {
    let sources = sources();
    let (ranks, listed) = table();
    let lowest = *ranks.values().max().unwrap();
    let mut actual: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (module, source) in &sources {
        if ABOVE.contains(&room(module)) {
            continue;
        }
        let rank = *ranks.get(room(module)).unwrap_or_else(|| panic!("{module} is in no room of the table"));
        let rooms = actual.entry(room(module).to_owned()).or_default();
        for other in source.paths.iter().filter_map(|path| path.first()) {
            let Some(&other_rank) = ranks.get(other).filter(|_| other != room(module)) else { continue };
            assert!(other_rank > rank || rank == lowest, "{module} imports {other}, which is above it");
            if other_rank != lowest {
                rooms.insert(other.clone());
            }
        }
    }
    assert_eq!(actual, listed);
}

/// Returns the modules that a module reaches by imports. Imports between a module and the modules within it are left
/// out, because these are one thing in several files.
fn reached<'m>(imports: &'m BTreeMap<&str, BTreeSet<Module>>, from: &'m str) -> BTreeSet<&'m str> {
    let within = |a: &str, b: &str| a.strip_prefix(b).is_some_and(|rest| rest.starts_with("::"));
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(module) = open.pop() {
        for other in imports.get(module).into_iter().flatten() {
            if !within(module, other) && !within(other, module) && reached.insert(other.as_str()) {
                open.push(other);
            }
        }
    }
    reached
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let sources = sources();
    let imports = imports(&sources);
    let modules: Vec<&str> = imports.keys().copied().filter(|module| !ABOVE.contains(module)).collect();
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        modules.iter().map(|module| (*module, reached(&imports, module))).collect();
    let mut circles: BTreeSet<Vec<&str>> = BTreeSet::new();
    for module in &modules {
        let circle = reached[module].iter().filter(|other| reached[**other].contains(module));
        let circle: Vec<&str> = circle.copied().collect();
        circles.extend((circle.len() > 1).then_some(circle));
    }
    assert_eq!(circles, RECURSIVE.iter().map(|circle| circle.to_vec()).collect());
}
