//! Why there is no executable.

use std::fmt;

/// Why linking failed.
#[derive(Debug)]
pub enum LinkError {
    /// The linker refused, in its own words: mostly a symbol that nothing defines, or an object that is none.
    Linker(String),
    /// `cc` could not be started.
    NoCompiler(std::io::Error),
    /// The temporary files for `cc` could not be written or its result not be read.
    Files(std::io::Error),
}

impl fmt::Display for LinkError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Linker(message) => formatter.write_str(message.trim_end()),
            Self::NoCompiler(error) => write!(
                formatter,
                "the C compiler `cc` could not be started: {error}"
            ),
            Self::Files(error) => write!(formatter, "temporary files for the C compiler: {error}"),
        }
    }
}

impl std::error::Error for LinkError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Linker(_) => None,
            Self::NoCompiler(error) | Self::Files(error) => Some(error),
        }
    }
}
