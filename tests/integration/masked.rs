//! Ways into `Masked`, the only text from outside that a report accepts.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use syn::visit::{self, Visit};
use syn::{ExprPath, ImplItemFn, ItemFn, ItemImpl, Signature, Type};

use crate::support::source::source_files;

/// The functions that make a `Masked` of a string. Each masks the text, or takes text that is masked or constant.
const MAKERS: [&str; 9] = [
    // A `&'static str`, see below.
    "mod.rs: own",
    // These two shorten a `Masked`.
    "mod.rs: cut",
    "mod.rs: scrubbed",
    // Joins parts, each of which it masks unless it is constant or masked.
    "message.rs: seal_with",
    // These two hide secrets in a `Masked`.
    "found.rs: hide",
    "path.rs: hide_found",
    "path.rs: new",
    "text.rs: mask",
    "text.rs: mask_code",
];

#[derive(Default)]
struct Makers {
    file: String,
    function: String,
    is_masked: bool,
    found: BTreeSet<String>,
    /// The types that the functions `own` take.
    own: BTreeSet<String>,
    leaks: usize,
}

impl Makers {
    fn enter(&mut self, signature: &Signature) {
        self.function = signature.ident.to_string();
        if let (true, Some(syn::FnArg::Typed(argument))) = (self.function == "own", signature.inputs.first())
        {
            let is_static = matches!(&*argument.ty, Type::Reference(reference)
                if reference.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static"));
            self.own.insert(format!("{} {is_static}", self.file));
        }
    }
}

impl<'ast> Visit<'ast> for Makers {
    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        self.is_masked = matches!(&*item.self_ty, Type::Path(path) if path.path.is_ident("Masked"));
        visit::visit_item_impl(self, item);
        self.is_masked = false;
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.enter(&item.sig);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.enter(&item.sig);
        visit::visit_item_fn(self, item);
    }

    fn visit_expr_path(&mut self, path: &'ast ExprPath) {
        if path.path.is_ident("Masked") || (self.is_masked && path.path.is_ident("Self")) {
            self.found.insert(format!("{}: {}", self.file, self.function));
        }
        visit::visit_expr_path(self, path);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.leaks += usize::from(call.method == "leak");
        visit::visit_expr_method_call(self, call);
    }
}

/// The compiler keeps the constructor within `src/mask`, where the field is visible.
#[test]
fn few_functions_make_a_masked_text() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut makers = Makers::default();
    for path in source_files(&src.join("mask")) {
        makers.file = path.file_name().unwrap().to_str().unwrap().to_owned();
        makers.visit_file(&syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap());
    }
    assert_eq!(makers.found, MAKERS.map(str::to_owned).into());
    assert_eq!(makers.own, ["message.rs true", "mod.rs true"].map(str::to_owned).into());
    // A leaked string would be static text.
    for path in source_files(&src) {
        makers.visit_file(&syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap());
    }
    assert_eq!(makers.leaks, 0);
}
