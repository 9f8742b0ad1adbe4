//! The selection of platforms in an index.

/// The platforms of an index that are audited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlatformFilter {
    /// All platforms in the source.
    All,
    /// A single platform.
    Only(Platform),
}

/// A platform, written `os/architecture[/variant]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform {
    /// The operating system, such as `linux`.
    pub os: String,
    /// The architecture, such as `amd64`.
    pub architecture: String,
    /// The variant, such as `v8`.
    pub variant: Option<String>,
}

impl PlatformFilter {
    /// Returns true if an image of this platform (`os/architecture[/variant]`) is to be audited. A filter
    /// without a variant accepts all variants.
    pub(crate) fn takes(&self, platform: Option<&str>) -> bool {
        let Self::Only(wanted) = self else { return true };
        let mut parts = platform.unwrap_or_default().split('/');
        let (Some(os), Some(architecture)) = (parts.next(), parts.next()) else { return false };
        let held = Normal::of(os, architecture, parts.next());
        let is_any = wanted.variant.is_none() && !implies_variant(&wanted.architecture);
        let wanted = Normal::of(&wanted.os, &wanted.architecture, wanted.variant.as_deref());
        (&held.os, &held.architecture) == (&wanted.os, &wanted.architecture)
            && (is_any || held.variant == wanted.variant)
    }
}

/// Other names of architectures, each with the usual one and the variant that it implies (containerd,
/// `platforms/database.go`).
const ALIASES: [(&str, &str, Option<&str>); 7] = [
    ("x86_64", "amd64", None),
    ("x86-64", "amd64", None),
    ("i386", "386", None),
    ("aarch64", "arm64", None),
    ("arm64v8", "arm64", Some("v8")),
    ("armhf", "arm", Some("v7")),
    ("armel", "arm", Some("v6")),
];
/// Other names of operating systems.
const SYSTEMS: [(&str, &str); 1] = [("macos", "darwin")];
/// The variant that an architecture without one has.
const USUAL: [(&str, &str); 3] = [("amd64", "v1"), ("arm64", "v8"), ("arm", "v7")];

/// A platform in the form in which it is compared.
#[derive(Debug, PartialEq, Eq)]
struct Normal {
    os: String,
    architecture: String,
    variant: Option<String>,
}

impl Normal {
    fn of(os: &str, architecture: &str, variant: Option<&str>) -> Self {
        let mut os = os.to_ascii_lowercase();
        if let Some((_, usual)) = SYSTEMS.iter().find(|(other, _)| *other == os) {
            (*usual).clone_into(&mut os);
        }
        let mut architecture = architecture.to_ascii_lowercase();
        let mut variant = variant.map(str::to_ascii_lowercase).filter(|variant| !variant.is_empty());
        if let Some((_, usual, implied)) = ALIASES.iter().find(|(other, ..)| *other == architecture) {
            (*usual).clone_into(&mut architecture);
            variant = variant.or_else(|| implied.map(str::to_owned));
        }
        let usual = USUAL.iter().find(|(known, _)| *known == architecture).map(|(_, usual)| *usual);
        // `linux/arm/7` is written as well.
        let variant = match variant {
            Some(number) if usual.is_some() && number.starts_with(|c: char| c.is_ascii_digit()) => {
                Some(format!("v{number}"))
            }
            variant => variant.or_else(|| usual.map(str::to_owned)),
        };
        Self { os, architecture, variant }
    }
}

/// Returns true for the name of an architecture that stands for one variant of it.
fn implies_variant(architecture: &str) -> bool {
    let implied = |(other, _, variant): &(&str, _, Option<_>)| {
        variant.is_some() && architecture.eq_ignore_ascii_case(other)
    };
    ALIASES.iter().any(implied)
}

/// Returns the platform of an image by its config and by the index that lists it. A config may leave the variant out,
/// and then the one of the index counts.
pub(super) fn joined(config: Option<&str>, descriptor: Option<&str>) -> Option<String> {
    let more = descriptor.zip(config).and_then(|(more, config)| more.strip_prefix(config));
    let is_variant = more.is_some_and(|more| more.starts_with('/'))
        && config.is_some_and(|config| config.split('/').count() == 2);
    if is_variant { descriptor } else { config.or(descriptor) }.map(str::to_owned)
}

impl std::fmt::Display for PlatformFilter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::All => f.write_str("any platform"),
            Self::Only(Platform { os, architecture, variant }) => {
                write!(f, "{os}/{architecture}")?;
                variant.iter().try_for_each(|variant| write!(f, "/{variant}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_without_a_variant_takes_all_of_them() {
        let filter = |variant: Option<&str>| {
            PlatformFilter::Only(Platform {
                os: "linux".to_owned(),
                architecture: "arm".to_owned(),
                variant: variant.map(str::to_owned),
            })
        };
        assert!(filter(None).takes(Some("linux/arm/v7")));
        assert!(filter(None).takes(Some("linux/arm")));
        assert!(filter(Some("v7")).takes(Some("linux/arm/v7")));
        assert!(!filter(Some("v6")).takes(Some("linux/arm/v7")));
        assert!(!filter(Some("v6")).takes(Some("linux/arm")));
        assert!(!filter(None).takes(Some("linux/arm64")));
        assert!(!filter(None).takes(None));
        assert!(PlatformFilter::All.takes(None));
    }

    #[test]
    fn platforms_of_several_spellings() {
        for (wanted, held, expected) in [
            ("linux/arm64/v8", "linux/arm64", true),
            ("linux/arm64/v8", "linux/arm64/v8", true),
            ("linux/arm64", "linux/arm64/v8", true),
            ("linux/arm64/8", "linux/arm64", true),
            ("linux/aarch64", "linux/arm64/v8", true),
            ("linux/arm/v7", "linux/arm", true),
            ("linux/arm/7", "linux/arm/v7", true),
            ("linux/armhf", "linux/arm", true),
            ("linux/armhf", "linux/arm/v7", true),
            ("linux/armel", "linux/arm/v6", true),
            ("linux/amd64/v1", "linux/amd64", true),
            ("linux/x86_64", "linux/amd64", true),
            ("Linux/AMD64", "linux/amd64", true),
            ("linux/amd64", "linux/amd64/v3", true),
            ("linux/riscv64", "linux/riscv64", true),
            ("windows/amd64", "windows/amd64", true),
            // Look-alikes.
            ("linux/arm64/v8", "linux/arm64/v9", false),
            ("linux/arm64/v8", "linux/arm/v8", false),
            ("linux/arm/v6", "linux/arm", false),
            ("linux/arm/v7", "linux/arm/v6", false),
            ("linux/armhf", "linux/arm/v6", false),
            ("linux/amd64/v2", "linux/amd64", false),
            ("linux/arm64/v8", "windows/arm64", false),
            ("linux/386", "linux/amd64", false),
            ("linux/arm64", "linux/arm", false),
            ("linux/ppc64/v8", "linux/ppc64", false),
            ("linux/arm", "linux", false),
        ] {
            let mut parts = wanted.split('/').map(str::to_owned);
            let (os, architecture) = (parts.next().unwrap(), parts.next().unwrap());
            let wants = PlatformFilter::Only(Platform { os, architecture, variant: parts.next() });
            assert_eq!(wants.takes(Some(held)), expected, "{wanted} {held}");
        }
    }

    #[test]
    fn the_variant_of_an_index_counts() {
        for (config, descriptor, expected) in [
            (Some("linux/arm64"), Some("linux/arm64/v8"), Some("linux/arm64/v8")),
            (Some("linux/arm"), Some("linux/arm/v6"), Some("linux/arm/v6")),
            (Some("linux/arm/v7"), Some("linux/arm/v6"), Some("linux/arm/v7")),
            (Some("linux/arm64"), None, Some("linux/arm64")),
            (None, Some("linux/arm/v6"), Some("linux/arm/v6")),
            (Some("linux/arm"), Some("linux/arm64/v8"), Some("linux/arm")),
            (Some("linux/amd64"), Some("linux/arm64"), Some("linux/amd64")),
            (None, None, None),
        ] {
            assert_eq!(joined(config, descriptor).as_deref(), expected, "{config:?} {descriptor:?}");
        }
    }
}
