//! Images of disks and of file systems.

use super::*;

#[test]
fn clusters_of_disks() {
    let text = text(&token("a"));
    let disk = |version: u32, features: u64, second_at_end: bool| {
        let cluster = 1 << 16;
        let mut disk = vec![0; 3 * cluster];
        disk[..4].copy_from_slice(b"QFI\xfb");
        disk[4..8].copy_from_slice(&version.to_be_bytes());
        disk[20..24].copy_from_slice(&16_u32.to_be_bytes());
        disk[36..40].copy_from_slice(&1_u32.to_be_bytes());
        disk[40..48].copy_from_slice(&(cluster as u64).to_be_bytes());
        disk[72..80].copy_from_slice(&features.to_be_bytes());
        let second = if second_at_end { 11 * cluster } else { 2 * cluster } as u64;
        disk[cluster..cluster + 8].copy_from_slice(&(1 << 63 | second).to_be_bytes());
        let mut entries = Vec::new();
        for piece in [&bytes(65_536)[..], &[&text[..], &vec![b'.'; 65_536 - text.len()]].concat()] {
            let packed = deflate(piece);
            let sectors = (packed.len() as u64).div_ceil(512);
            entries.push(1 << 62 | sectors << 54 | disk.len() as u64);
            if features & 16 != 0 {
                entries.push(0);
            }
            disk.extend(packed);
        }
        disk.resize(12 * cluster, 0);
        let second = usize::try_from(second).unwrap();
        for (entry, place) in entries.iter().zip(disk[second..].chunks_exact_mut(8)) {
            place.copy_from_slice(&entry.to_be_bytes());
        }
        disk
    };
    let gzip = crate::stream::samples::part(Compression::Gzip, &text);
    for (version, features) in [(2, 0), (3, 0), (3, 16)] {
        let image = disk(version, features, false);
        assert_eq!(ways(&image), ["zlib"], "{version} {features}");
        assert_eq!(ways(&[&image[..], &gzip].concat()).len(), 2);
        let said = messages(&search(&disk(version, features, true)));
        assert!(said.len() == 1 && said[0].starts_with("Error zlib: some tables"), "{said:?}");
    }
    // Clusters in zstd are found by their magic numbers.
    let mut other = disk(3, 8, false);
    other[104] = 1;
    assert!(!qcow2::begins(&other[..HEAD]));
    for broken in
        [&b"QFI\xfb\0\0\0\x01"[..], b"QFI\xfb", &[b"QFI\xfb\0\0\0\x03".to_vec(), vec![0xff; 5000]].concat()]
    {
        assert_eq!(ways(broken), [""; 0]);
    }
}

#[test]
fn disks_whose_clusters_fit_before_their_table() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tmp/images");
    std::fs::create_dir_all(&root).unwrap();
    let mut disk = b"words and more words, ".repeat(500_000);
    for (nth, place) in disk.chunks_mut(1000).enumerate() {
        place[..8].copy_from_slice(&(nth as u64).wrapping_mul(6_364_136_223_846_793_005).to_le_bytes());
    }
    disk.resize(10 << 20, b'.');
    let texts: Vec<_> = (0..10).map(|nth| text(&token(&format!("{nth}")))).collect();
    for (nth, text) in texts.iter().enumerate() {
        // Around the borders between what tables name.
        let at = (nth << 20) + 64;
        disk[at..at + text.len()].copy_from_slice(text);
    }
    let (raw, image) = (root.join("disk.raw"), root.join("disk.qcow2"));
    std::fs::write(&raw, disk).unwrap();
    for options in ["cluster_size=4k", "cluster_size=512", "cluster_size=64k"] {
        let status = std::process::Command::new("qemu-img")
            .args(["convert", "-c", "-O", "qcow2", "-o", options])
            .args([&raw, &image])
            .status();
        assert!(status.unwrap().success());
        let (found, said) = ways_again(&std::fs::read(&image).unwrap());
        assert_eq!(said, [""; 0], "{options}");
        let packed = found.iter().filter(|way| *way == "zlib").count();
        assert_eq!(packed, texts.len(), "{options}: {found:?}");
    }
}

/// Makes a tree of files, and the path of an image of it.
fn tree(name: &str, files: &[(&str, &[u8])]) -> [std::path::PathBuf; 2] {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tmp/images").join(name);
    let image = root.with_extension("img");
    let _ = std::fs::remove_dir_all(&root);
    for (name, content) in files {
        let path = root.join("etc").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    std::os::unix::fs::symlink("a/b", root.join("link")).unwrap();
    [root, image]
}

/// Makes an image of squashfs with the format's own tool.
fn squashfs(name: &str, options: &[&str], files: &[(&str, &[u8])]) -> Vec<u8> {
    let [root, image] = tree(name, files);
    let status = std::process::Command::new("mksquashfs")
        .args([&root, &image])
        .args(["-noappend", "-quiet", "-no-progress", "-comp"])
        .args(options)
        .stdout(std::process::Stdio::null())
        .status();
    assert!(status.unwrap().success());
    std::fs::read(image).unwrap()
}

#[test]
fn images_of_squashfs() {
    let text = text(&token("a"));
    let cut = [&bytes(131_072 - 300 - 66)[..], &text, &bytes(9000)].concat();
    let long = [&bytes(500_000)[..], &text, &bytes(9000)].concat();
    let files: [(&str, &[u8]); 5] =
        [("a", b"nothing"), ("b", &text), ("c", &bytes(5000)), ("d", &long), ("e", &cut)];
    for (name, options, way) in [
        ("lz4", &["lz4"][..], "lz4"),
        ("lz4hc", &["lz4", "-Xhc"], "lz4"),
        ("lzo", &["lzo"], "lzo"),
        ("lzma", &["lzma"], "lzma"),
        ("small", &["lz4", "-b", "4096"], "lz4"),
        ("whole", &["lzo", "-no-fragments"], "lzo"),
        ("always", &["lz4", "-always-use-fragments"], "lz4"),
    ] {
        let image = squashfs(name, options, &files);
        let found = ways(&image);
        assert!(
            found.len() == 3 && found.iter().all(|found| found == way || found.is_empty()),
            "{name}: {found:?}"
        );
        assert!(found.iter().any(|found| found == way), "{name}: {found:?}");
        for at in (0..96).chain(image.len() - 900..image.len()) {
            let mut broken = image.clone();
            broken[at] ^= 0xff;
            search(&broken);
        }
        search(&image[..image.len() / 2]);
    }
}

/// Searches a file that can be read twice.
fn ways_again(file: &[u8]) -> (Vec<String>, Vec<String>) {
    let found = again(file);
    (found.occurrences.iter().map(way).collect(), messages(&found))
}

fn again(file: &[u8]) -> Found {
    let reread = || Ok(Box::new(file) as Box<dyn crate::stream::Peek>);
    let origin = Origin { reread: Some(&reread), ..Origin::default() };
    let (found, outcome) = Unpacker::new(&Stop::default()).search(origin, &mut &*file);
    outcome.unwrap();
    found
}

/// Bytes that no compression makes fewer, and that are too many to be held in memory.
fn noise() -> Vec<u8> {
    let next = |x: &u64| Some(x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    std::iter::successors(Some(1), next).map(|x: u64| x.to_be_bytes()[0]).take(34 << 20).collect()
}

#[test]
fn large_images_of_squashfs() {
    let text = text(&token("a"));
    let noise = noise();
    let cut = [&bytes(131_072 - 300 - 66)[..], &text, &bytes(9000)].concat();
    let long = [&bytes(500_000)[..], &text, &bytes(9000)].concat();
    let files: [(&str, &[u8]); 6] =
        [("a", b"nothing"), ("b", &text), ("c", &noise), ("d", &long), ("e", &cut), ("f", &text)];
    for (name, options, way) in [
        ("large-lz4", &["lz4"][..], "lz4"),
        ("large-lzo", &["lzo"], "lzo"),
        ("large-lzma", &["lzma"], "lzma"),
        ("large-always", &["lz4", "-always-use-fragments"], "lz4"),
    ] {
        let image = squashfs(name, options, &files);
        let (found, said) = ways_again(&image);
        assert_eq!(said, [""; 0], "{name}");
        let packed = found.iter().filter(|found| *found == way).count();
        assert!(found.len() >= 3 && packed > 0, "{name}: {found:?}");
        let said = messages(&search(&image));
        assert!(said.len() == 1 && said[0].contains("cannot be read twice"), "{said:?}");
    }
}

/// Makes an image of erofs with the format's own tool.
fn erofs(name: &str, options: &[&str], files: &[(&str, &[u8])]) -> Vec<u8> {
    let [root, image] = tree(name, files);
    let _ = std::fs::remove_file(&image);
    let status = std::process::Command::new("mkfs.erofs")
        .args(options)
        .args([&image, &root])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .status();
    assert!(status.unwrap().success());
    std::fs::read(image).unwrap()
}

#[test]
fn images_of_erofs() {
    let text = text(&token("a"));
    let long = [&b"words and more words, ".repeat(9000)[..], &bytes(50_000), &text, &bytes(9000)].concat();
    let files: [(&str, &[u8]); 4] =
        [("a", b"nothing"), ("b", &text.repeat(40)), ("c", &b"abc".repeat(50_000)), ("d", &long)];
    for (name, options) in [
        ("erofs", &["-zlz4"][..]),
        ("erofs-hc", &["-zlz4hc,12"]),
        ("erofs-large", &["-zlz4hc", "-C65536"]),
        ("erofs-medium", &["-zlz4", "-C16384"]),
    ] {
        let image = erofs(name, options, &files);
        let found = ways(&image);
        let packed = found.iter().filter(|found| *found == "lz4").count();
        assert!(found.len() >= 41 && packed > 35, "{name}: {} found, {packed} packed", found.len());
        for at in (0..image.len()).step_by(997) {
            let mut broken = image.clone();
            broken[at] ^= 0xff;
            search(&broken);
        }
    }
    let many: Vec<(String, Vec<u8>)> = (0..40_usize)
        .map(|n| {
            let words = b"words and more words, ".repeat(n * 97);
            (format!("f{n}"), [&bytes(u32::try_from(n * 3000).unwrap())[..], &words, &text].concat())
        })
        .collect();
    let files: Vec<(&str, &[u8])> =
        many.iter().map(|(name, content)| (name.as_str(), &content[..])).collect();
    for (name, options) in [
        ("erofs-tails", &["-zlz4", "-Eztailpacking"][..]),
        ("erofs-tails-hc", &["-zlz4hc", "-Eztailpacking"]),
        ("erofs-tails-extended", &["-zlz4", "-Eztailpacking,force-inode-extended"]),
    ] {
        let image = erofs(name, options, &files);
        let found = ways(&image);
        let packed = found.iter().filter(|found| *found == "lz4").count();
        assert!(found.len() >= 40 && packed >= 38, "{name}: {} found, {packed} packed", found.len());
        for at in (0..image.len()).step_by(997) {
            let mut broken = image.clone();
            broken[at] ^= 0xff;
            search(&broken);
        }
    }
    let other = [&vec![0; 1024][..], b"\xe2\xe1\xf5\xe0", &vec![0; 9000]].concat();
    assert!(!erofs::begins(&other[..HEAD]));
}

#[test]
fn files_of_erofs_that_end_behind_their_inode() {
    let [border, end, small] = ["a", "b", "c"].map(token);
    let cut = [&bytes(4096 * 3 - 18)[..], format!(" k={border}\n").as_bytes()].concat();
    let packed = |front: u32, token: &str| {
        crate::stream::samples::part(
            Compression::Gzip,
            &[&bytes(front)[..], format!(" k={token} ").as_bytes()].concat(),
        )
    };
    let (long, short) = (packed(20_000, &end), packed(0, &small));
    let files: [(&str, &[u8]); 3] = [("a", &cut), ("b.gz", &long), ("c.gz", &short)];
    for (name, options) in [("erofs-inline", &[][..]), ("erofs-inline-lz4", &["-zlz4"])] {
        let image = erofs(name, options, &files);
        let found = ways(&image);
        let names_lz4 = found.iter().any(|way| way.contains("lz4"));
        assert_eq!(names_lz4, !options.is_empty(), "{name}: {found:?}");
        let all: Vec<_> = search(&image).occurrences.into_iter().map(|found| found.token).collect();
        for token in [&border, &end, &small] {
            let token = crate::detect::find(token.as_bytes()).remove(0).token;
            assert!(all.contains(&token), "{name}: {found:?}");
        }
    }
}

#[test]
fn images_of_erofs_for_old_kernels() {
    let text = text(&token("a"));
    let files: [(&str, &[u8]); 2] = [("a", &text.repeat(400)), ("b", &[&bytes(9000)[..], &text].concat())];
    let image = erofs("erofs-old", &["-zlz4", "-Elegacy-compress"], &files);
    let found = ways(&image).len();
    assert!(found >= 300, "{found}");
    for at in (0..image.len()).step_by(97) {
        let mut broken = image.clone();
        broken[at] ^= 0xff;
        search(&broken);
    }
}

#[test]
fn images_of_erofs_in_other_compressions_are_errors() {
    let mut image = erofs("erofs-other", &["-zlz4", "-C16384"], &[("a", &text(&token("a")).repeat(400))]);
    image[1024 + 0x50] |= 2;
    for bits in [1, 0] {
        image[1024 + 0x54] = bits;
        assert_eq!(messages(&search(&image)), [""; 0], "{bits}");
    }
    for bits in [2, 3, 4, 8] {
        image[1024 + 0x54] = bits;
        let said = messages(&search(&image));
        assert!(said.len() == 1 && said[0].starts_with("Error lz4: the erofs image has files"), "{said:?}");
    }
}

/// A value of unknown shape, and many files around the places of credentials.
fn home<'a>(secret: &'a [u8], netrc: &'a [u8], long: &'a [u8]) -> Vec<(&'a str, &'a [u8])> {
    let mut files: Vec<(&str, &[u8])> = vec![
        ("root/.cache/huggingface/token", secret),
        ("root/.cache/other/token", secret),
        ("home/a/.netrc", netrc),
        ("home/a/.bash_history", long),
        ("home/a/text", b"nothing"),
        ("share/a", b"words and more words, words and more words"),
        ("share/b", b"words and more words"),
    ];
    files.sort_unstable();
    files
}

const AT_HOME: [&str; 3] =
    ["etc/home/a/.bash_history", "etc/home/a/.netrc", "etc/root/.cache/huggingface/token"];

/// The texts of a home: a token, a file of logins, and one of several blocks.
fn texts() -> [Vec<u8>; 3] {
    let secret = [&b"Zq8x".repeat(9)[..], b"Kw3p\n"].concat();
    let login = format!("machine huggingface.co login me password {}\n", "Xv5b".repeat(9));
    let value = "Jt7Rk".repeat(8);
    let history = [
        &b"ls -la /usr/share/doc\n".repeat(9000)[..],
        format!("hf auth login --token {value}\n").as_bytes(),
        b"exit\n",
    ]
    .concat();
    [secret, login.into_bytes(), history]
}

#[test]
fn credentials_of_unknown_shape_in_squashfs() {
    let [secret, login, history] = texts();
    let noise = noise();
    for (name, options) in [
        ("kept-gzip", &["gzip"][..]),
        ("kept-gzip-window", &["gzip", "-Xwindow-size", "9"]),
        ("kept-xz", &["xz"]),
        ("kept-zstd", &["zstd"]),
        ("kept-lz4", &["lz4"]),
        ("kept-lzo", &["lzo", "-no-fragments"]),
        ("kept-lzma", &["lzma"]),
        ("kept-plain", &["gzip", "-noI", "-noD", "-noF"]),
    ] {
        let mut files = home(&secret, &login, &history);
        let expected: Vec<String> = AT_HOME.iter().map(|path| format!("squashfs:{path}")).collect();
        let image = squashfs(name, options, &files);
        let mut found = ways(&image);
        found.sort();
        assert_eq!(found, expected, "{name}");
        for at in (0..96).step_by(5).chain((0..image.len()).step_by(499)) {
            let mut broken = image.clone();
            broken[at] ^= 0xff;
            search(&broken);
        }
        files.push(("noise", &noise));
        let large = squashfs(name, options, &files);
        let (mut found, said) = ways_again(&large);
        found.sort();
        assert_eq!((found, said), (expected, vec![]), "{name}");
    }
}

#[test]
fn credentials_of_unknown_shape_in_erofs() {
    let [secret, login, history] = texts();
    let noise = noise();
    let [border, end] = ["a", "b"].map(token);
    let cut = [&bytes(4096 * 3 - 18)[..], format!(" k={border}\n").as_bytes()].concat();
    let text = [&bytes(20_000)[..], format!(" k={end} ").as_bytes()].concat();
    let packed = crate::stream::samples::part(Compression::Gzip, &text);
    for (name, options) in [
        ("kept-erofs", &[][..]),
        ("kept-erofs-extended", &["-Eforce-inode-extended"]),
        ("kept-erofs-blocks", &["-Enoinline_data"]),
        ("kept-erofs-lz4", &["-zlz4"]),
    ] {
        let mut files = home(&secret, &login, &history);
        files.extend([("cut", &*cut), ("packed.gz", &packed)]);
        let image = erofs(name, options, &files);
        files.push(("noise", &noise));
        let large = erofs(&format!("{name}-large"), options, &files);
        for (is_large, image) in [(false, &image), (true, &large)] {
            let (found, said) = ways_again(image);
            assert_eq!(said, [""; 0], "{name} {is_large}");
            for path in AT_HOME {
                // A compressed history is not put together.
                if name == "kept-erofs-lz4" && path.ends_with("_history") {
                    continue;
                }
                let way = format!("erofs:{path}");
                assert_eq!(
                    found.iter().filter(|found| **found == way).count(),
                    1,
                    "{name} {is_large} {found:?}"
                );
            }
            let all: Vec<_> = again(image).occurrences.into_iter().map(|found| found.token).collect();
            for token in [&border, &end] {
                let token = crate::detect::find(token.as_bytes()).remove(0).token;
                let count = all.iter().filter(|found| **found == token).count();
                assert_eq!(count, 1, "{name} {is_large}: {found:?}");
            }
        }
        for at in (1024..1200).chain((0..image.len()).step_by(1499)) {
            let mut broken = image.clone();
            broken[at] ^= 0xff;
            search(&broken);
        }
    }
}
