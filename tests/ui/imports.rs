//! Picture snapshots of what goes wrong between files.

use dynop_tests::{on_compiler_stack, root};
use dynopc::driver::Frontend;
use dynopc::render::{MessageFormat, Style, render};

#[test]
fn imports() {
    let folder = root().join("tests/ui/imports");
    for name in ["wrong_paths", "wrong_names", "wrong_files", "circle"] {
        let picture = on_compiler_stack(|| {
            let mut front = Frontend::default();
            front.check(&folder.join(name).with_extension("dyn"));
            render(
                &front.diagnostics,
                &front.sources,
                MessageFormat::Human,
                Style::PLAIN,
            )
        });
        let here = format!("{}/", folder.display());
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("imports_{name}"), picture.replace(&here, ""));
        });
    }
}
