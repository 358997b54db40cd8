//! A file system that is a list of named byte strings, for the linker to read from and to write its one output to.

use std::borrow::Cow;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use libwild::{FileSystem, FileType, InputFileData, OutputFileData, OutputOptions};

use crate::MemoryFile;

/// The name of the linker's output. It never reaches the disk.
pub(crate) const OUTPUT: &str = "a.out";

/// The largest output: relative addresses in code have 31 bits and a sign. A damaged input can ask for far more.
const MAXIMUM_SIZE: u64 = 1 << 31;

/// Where the finished output is left for the caller.
pub(crate) type OutputSlot = Arc<Mutex<Option<Vec<u8>>>>;

/// The inputs by name, and the place for the output.
pub(crate) struct MemoryFiles {
    inputs: Vec<(&'static str, Arc<Cow<'static, [u8]>>)>,
    output: OutputSlot,
}

impl MemoryFiles {
    pub(crate) fn new(files: Vec<MemoryFile>) -> Self {
        let inputs = files
            .into_iter()
            .map(|file| (file.name, Arc::new(file.bytes)))
            .collect();
        Self {
            inputs,
            output: Arc::default(),
        }
    }

    pub(crate) fn output(&self) -> OutputSlot {
        Arc::clone(&self.output)
    }

    fn find(&self, path: &Path) -> Option<&Arc<Cow<'static, [u8]>>> {
        self.inputs
            .iter()
            .find(|(name, _)| Path::new(name) == path)
            .map(|(_, bytes)| bytes)
    }
}

/// One input, shared with [`MemoryFiles`].
pub(crate) struct Input {
    bytes: Arc<Cow<'static, [u8]>>,
}

impl std::fmt::Debug for Input {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Input({} bytes)", self.bytes.len())
    }
}

impl InputFileData for Input {
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The output while the linker fills it.
pub(crate) struct Output {
    bytes: Vec<u8>,
    slot: OutputSlot,
}

impl OutputFileData for Output {
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    fn finish(self) -> libwild::error::Result {
        match self.slot.lock() {
            Ok(mut slot) => *slot = Some(self.bytes),
            Err(_) => return Err(libwild::error!("the output was lost in a panic")),
        }
        Ok(())
    }
}

impl FileSystem for MemoryFiles {
    type Input = Input;
    type Output = Output;

    fn open_input(
        &self,
        path: &Path,
        _prepopulate_maps: bool,
    ) -> libwild::error::Result<(Input, Option<Arc<std::fs::File>>)> {
        match self.find(path) {
            Some(bytes) => Ok((
                Input {
                    bytes: Arc::clone(bytes),
                },
                None,
            )),
            None => Err(libwild::error!("no such input: {}", path.display())),
        }
    }

    fn file_type(&self, path: &Path) -> libwild::error::Result<FileType> {
        match self.find(path) {
            Some(_) => Ok(FileType::File),
            None => Err(Error::from(ErrorKind::NotFound).into()),
        }
    }

    fn canonicalize(&self, path: &Path) -> libwild::error::Result<PathBuf> {
        Ok(path.to_path_buf())
    }

    fn remove_file(&self, _path: &Path) -> libwild::error::Result<()> {
        Err(Error::from(ErrorKind::NotFound).into())
    }

    fn rename_file(&self, _path: &Path, _new_path: &Path) -> libwild::error::Result<()> {
        Err(Error::from(ErrorKind::NotFound).into())
    }

    fn create_output(
        &self,
        _path: Arc<Path>,
        options: OutputOptions,
    ) -> libwild::error::Result<Output> {
        if options.size > MAXIMUM_SIZE {
            return Err(libwild::error!(
                "the executable would have {} bytes; code reaches no further than {MAXIMUM_SIZE}",
                options.size
            ));
        }
        let size = options.size as usize;
        let mut bytes = Vec::new();
        bytes
            .try_reserve_exact(size)
            .map_err(|_| libwild::error!("no memory for an executable of {size} bytes"))?;
        bytes.resize(size, 0);
        Ok(Output {
            bytes,
            slot: Arc::clone(&self.output),
        })
    }

    /// The linker's own debugging files (on request of environment variables) go nowhere.
    fn write_auxiliary(&self, _path: &Path, _bytes: &[u8]) -> libwild::error::Result {
        Ok(())
    }
}
