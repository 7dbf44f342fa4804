//! A pseudo-terminal whose far end a host program opens.
//!
//! We hold the master only: while nobody has the far end open the terminal is hung up, as a serial adapter without its program.
//! It begins in raw mode, so that programs that set nothing get bytes as they are; a program that sets more gets what it sets.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::pty::OpenptFlags;
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use crate::scenario::ScenarioError;

/// What the chip says and no client takes is kept up to so many bytes.
const BACKLOG: usize = 1 << 16;

/// The master of a pseudo-terminal.
#[derive(Debug)]
pub(super) struct Pty {
    master: OwnedFd,
    path: PathBuf,
    link: Option<PathBuf>,
    backlog: Mutex<Vec<u8>>,
    open: AtomicBool,
    clients: AtomicU64,
    dropped: AtomicU64,
}

impl Pty {
    /// Opens one, and makes a link to it.
    pub(super) fn open(link: Option<&Path>) -> Result<Self, ScenarioError> {
        let fail = |what: &str, e: Errno| {
            ScenarioError::new(format!("cannot {what} a pseudo-terminal: {e}"))
        };
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = rustix::pty::openpt(flags).map_err(|e| fail("open", e))?;
        rustix::pty::grantpt(&master).map_err(|e| fail("grant", e))?;
        rustix::pty::unlockpt(&master).map_err(|e| fail("unlock", e))?;
        let name = rustix::pty::ptsname(&master, Vec::new()).map_err(|e| fail("name", e))?;
        let path = PathBuf::from(name.to_string_lossy().into_owned());
        rustix::io::ioctl_fionbio(&master, true).map_err(|e| fail("set up", e))?;
        // Opened and closed once: from now on it is hung up while nobody is there.
        let far = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let far = rustix::fs::open(&path, far, Mode::empty()).map_err(|e| fail("open", e))?;
        let mut raw = tcgetattr(&far).map_err(|e| fail("set up", e))?;
        raw.make_raw();
        tcsetattr(&far, OptionalActions::Now, &raw).map_err(|e| fail("set up", e))?;
        drop(far);
        if let Some(link) = link {
            make_link(&path, link)?;
        }
        Ok(Self {
            master,
            path,
            link: link.map(Path::to_owned),
            backlog: Mutex::default(),
            open: AtomicBool::new(false),
            clients: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
        })
    }

    pub(super) fn describe(&self) -> String {
        match &self.link {
            Some(link) => format!("{} ({})", self.path.display(), link.display()),
            None => self.path.display().to_string(),
        }
    }

    pub(super) const fn master(&self) -> &OwnedFd {
        &self.master
    }

    /// How often it was opened.
    pub(super) fn clients(&self) -> u64 {
        self.clients.load(Ordering::Relaxed)
    }

    /// Bytes of the chip that no client took.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Has a client opened it?
    pub(super) fn is_open(&self) -> bool {
        let mut fds = [PollFd::new(&self.master, PollFlags::IN)];
        let polled = poll(
            &mut fds,
            Some(&Timespec {
                tv_sec: 0,
                tv_nsec: 0,
            }),
        );
        let open = polled.is_ok() && !fds.iter().any(|f| f.revents().contains(PollFlags::HUP));
        if open && !self.open.swap(open, Ordering::Relaxed) {
            self.clients.fetch_add(1, Ordering::Relaxed);
        }
        self.open.store(open, Ordering::Relaxed);
        open
    }

    /// The rate that the client has set.
    pub(super) fn speed(&self) -> Option<u32> {
        tcgetattr(&self.master).ok().map(|t| t.output_speed())
    }

    /// At most `room` bytes that the client has sent. What it sent before it closed is still there.
    pub(super) fn read(&self, room: usize) -> Vec<u8> {
        let mut bytes = vec![0; room];
        let count = rustix::io::read(&self.master, &mut bytes[..]).unwrap_or(0);
        bytes.truncate(count);
        bytes
    }

    /// Gives bytes to the client; keeps what it does not take now, and drops them if nobody is there.
    pub(super) fn write(&self, bytes: &[u8]) {
        let Ok(mut backlog) = self.backlog.lock() else {
            return;
        };
        if !self.is_open() {
            let lost = backlog.len() + bytes.len();
            backlog.clear();
            self.dropped.fetch_add(lost as u64, Ordering::Relaxed);
            return;
        }
        backlog.extend_from_slice(bytes);
        while !backlog.is_empty() {
            match rustix::io::write(&self.master, &backlog) {
                Ok(0) | Err(_) => break,
                Ok(count) => {
                    backlog.drain(..count);
                }
            }
        }
        let over = backlog.len().saturating_sub(BACKLOG);
        backlog.drain(..over);
        self.dropped.fetch_add(over as u64, Ordering::Relaxed);
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        if let Some(link) = &self.link
            && std::fs::read_link(link).is_ok_and(|to| to == self.path)
        {
            let _ = std::fs::remove_file(link);
        }
    }
}

/// A link that points nowhere is one that was left behind.
fn make_link(path: &Path, link: &Path) -> Result<(), ScenarioError> {
    let stale = std::fs::read_link(link).is_ok_and(|to| to.starts_with("/dev/pts") && !to.exists());
    if stale {
        let _ = std::fs::remove_file(link);
    }
    std::os::unix::fs::symlink(path, link)
        .map_err(|e| ScenarioError::new(format!("cannot make the link `{}`: {e}", link.display())))
}
