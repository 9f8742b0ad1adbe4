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
        parts.next() == Some(&wanted.os)
            && parts.next() == Some(&wanted.architecture)
            && wanted.variant.as_deref().is_none_or(|variant| parts.next() == Some(variant))
    }
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
        assert!(!filter(Some("v7")).takes(Some("linux/arm")));
        assert!(!filter(None).takes(Some("linux/arm64")));
        assert!(!filter(None).takes(None));
        assert!(PlatformFilter::All.takes(None));
    }
}
