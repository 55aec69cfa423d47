//! Ports: numbers, ranges, or any; bound or connected to, TCP or UDP.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::access::AccessNet;

/// Protocol and direction of a port line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PortClass {
    /// Bind a TCP socket.
    BindTcp,
    /// Connect a TCP socket.
    ConnectTcp,
    /// Bind a UDP socket.
    BindUdp,
    /// Connect a UDP socket, or send a datagram.
    ConnectUdp,
}

impl PortClass {
    /// All four.
    pub const ALL: [Self; 4] = [
        Self::BindTcp,
        Self::ConnectTcp,
        Self::BindUdp,
        Self::ConnectUdp,
    ];

    /// The word for it, in flags and manifests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BindTcp => "bind-tcp",
            Self::ConnectTcp => "connect-tcp",
            Self::BindUdp => "bind-udp",
            Self::ConnectUdp => "connect-udp",
        }
    }

    /// The kernel's right for it.
    pub const fn right(self) -> AccessNet {
        match self {
            Self::BindTcp => AccessNet::BIND_TCP,
            Self::ConnectTcp => AccessNet::CONNECT_TCP,
            Self::BindUdp => AccessNet::BIND_UDP,
            Self::ConnectUdp => AccessNet::CONNECT_SEND_UDP,
        }
    }

    /// Whether the line is about binding; port 0 then means one of the kernel's choice.
    pub const fn binds(self) -> bool {
        matches!(self, Self::BindTcp | Self::BindUdp)
    }
}

/// The ports of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ports {
    /// Every port: the class is not restricted.
    Any,
    /// One port, or several in a row.
    Range(RangeInclusive<u16>),
}

impl Ports {
    /// Whether `port` is among them.
    pub fn contains(&self, port: u16) -> bool {
        match self {
            Self::Any => true,
            Self::Range(range) => range.contains(&port),
        }
    }

    /// Reads a comma-separated list of ports and ranges, or `any`.
    ///
    /// # Errors
    /// [`InvalidPorts`], with the part that is wrong and why.
    ///
    /// ```
    /// use ringfence::Ports;
    ///
    /// assert_eq!(Ports::list("80,8000-8010")?, [Ports::from(80), Ports::from(8000..=8010)]);
    /// assert!(Ports::list("65536").is_err());
    /// # Ok::<(), ringfence::InvalidPorts>(())
    /// ```
    pub fn list(text: &str) -> Result<Vec<Self>, InvalidPorts> {
        text.split(',').map(str::parse).collect()
    }
}

impl From<u16> for Ports {
    fn from(port: u16) -> Self {
        Self::Range(port..=port)
    }
}

impl From<RangeInclusive<u16>> for Ports {
    fn from(range: RangeInclusive<u16>) -> Self {
        Self::Range(range)
    }
}

impl fmt::Display for Ports {
    /// What [`FromStr`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any"),
            Self::Range(range) if range.start() == range.end() => write!(f, "{}", range.start()),
            Self::Range(range) => write!(f, "{}-{}", range.start(), range.end()),
        }
    }
}

impl FromStr for Ports {
    type Err = InvalidPorts;

    /// Reads a port, a range, or `any`.
    fn from_str(text: &str) -> Result<Self, InvalidPorts> {
        let invalid = |why| InvalidPorts {
            text: text.to_owned(),
            why,
        };
        if text == "any" {
            return Ok(Self::Any);
        }
        let port = |digits: &str| {
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(invalid(
                    "write a number (443), a range (8000-8010), a list (80,443) or `any`",
                ));
            }
            digits
                .parse::<u16>()
                .map_err(|_| invalid("ports go from 0 to 65535"))
        };
        let (first, last) = match text.split_once('-') {
            Some((first, last)) => (port(first)?, port(last)?),
            None => (port(text)?, port(text)?),
        };
        if first > last {
            return Err(invalid("the range is empty; write the smaller port first"));
        }
        Ok(Self::Range(first..=last))
    }
}

/// A text that names no ports.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no port: {why}")]
pub struct InvalidPorts {
    /// What was written.
    pub text: String,
    /// What is wrong with it.
    pub why: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_ranges_lists_and_any_read_back_as_written() {
        for text in ["0", "443", "65535", "8000-8010", "0-65535", "any"] {
            assert_eq!(text.parse::<Ports>().unwrap().to_string(), text);
        }
        assert_eq!(Ports::list("80,443,any").unwrap().len(), 3);
    }

    #[test]
    fn a_port_is_a_whole_number_and_never_wraps() {
        for text in [
            "65536",
            "70000",
            "4294967739",
            "-1",
            "",
            "+80",
            "8x",
            "80 ",
            "1-",
            "-",
            "9-8",
            "80,,81",
        ] {
            assert!(Ports::list(text).is_err(), "{text}");
        }
        assert_eq!(
            "70000".parse::<Ports>().unwrap_err().to_string(),
            "`70000` is no port: ports go from 0 to 65535"
        );
    }
}
