//! The file that was meant by a path to none.

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::p1::nearest::nearest;

/// The path of a file whose name, and those of its folders, are nearly what was typed; none where several steps of the
/// way are wrong, or nothing is like it.
pub fn near_path(typed: &Path) -> Option<PathBuf> {
    let mut found = PathBuf::new();
    let mut mended = false;
    for component in typed.components() {
        let next = found.join(component);
        let Component::Normal(name) = component else {
            found = next;
            continue;
        };
        if next.symlink_metadata().is_ok() {
            found = next;
            continue;
        }
        if std::mem::replace(&mut mended, true) {
            return None;
        }
        let folder = match found.as_os_str().is_empty() {
            true => Path::new("."),
            false => &found,
        };
        let names: Vec<String> = fs::read_dir(folder)
            .ok()?
            .take(NAMES_MAX)
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        let near = nearest(name.to_str()?, names.iter().map(String::as_str))?;
        found = found.join(near);
    }
    (mended && found.exists()).then_some(found)
}

/// Names of a folder that are looked at.
const NAMES_MAX: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::super::testing::Folder;
    use super::*;

    #[test]
    fn a_slip_in_one_name_of_a_path_is_found() {
        let folder = Folder::new();
        fs::create_dir(folder.path("2026")).unwrap();
        fs::write(folder.path("2026/house.bin"), "").unwrap();
        fs::write(folder.path("lu.bin"), "").unwrap();
        let near = |typed: &str| near_path(&folder.path(typed));
        assert_eq!(near("lu.bn"), Some(folder.path("lu.bin")));
        assert_eq!(near("Lu.bin"), Some(folder.path("lu.bin")));
        assert_eq!(near("2026/hosue.bin"), Some(folder.path("2026/house.bin")));
        assert_eq!(near("2025/house.bin"), Some(folder.path("2026/house.bin")));
        assert_eq!(near("2025/hosue.bin"), None);
        assert_eq!(near("2025/lu.bin"), None);
        assert_eq!(near("lu.bin"), None, "it is there");
        assert_eq!(near("garden.bin"), None);
        assert_eq!(near("none/at/all"), None);
    }
}
