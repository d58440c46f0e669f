//! Why there is no connection, in words and with one thing to do.

use std::error::Error;
use std::io::{self, ErrorKind};

use rumqttc_v5::TlsError;
use rumqttc_v5::tokio_rustls::rustls::{
    AlertDescription, CertificateError, Error as RustlsError, OtherError,
};

use super::broker::Broker;

/// Why a connection was not made, or broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No machine has this name.
    NoSuchHost,
    /// The machine is there, nobody listens on the port.
    Refused,
    /// No way leads there.
    Unreachable,
    /// No answer in time.
    TimedOut,
    /// The other side closed the connection.
    Closed,
    /// What answers does not speak TLS.
    NoTls,
    /// Nobody we trust has signed the certificate.
    UnknownIssuer,
    /// The certificate is for other names.
    WrongName(Vec<String>),
    /// The certificate has expired.
    Expired,
    /// The certificate is not valid yet.
    NotYetValid,
    /// The broker wants to see a certificate of ours, or does not take the one it saw.
    ClientCertificate,
    /// Something else of TLS.
    Tls(String),
    /// User or password is wrong.
    Login,
    /// The user may not do this.
    NotAllowed,
    /// The broker does not speak this version of MQTT.
    Version,
    /// Another client has taken our name, or the name is not accepted.
    ClientId,
    /// The broker is busy or shuts down.
    Busy,
    /// What answers is no broker.
    NotMqtt,
    /// The broker takes no message above so many bytes.
    TooLong(usize),
    /// Anything else.
    Other(String),
}

impl Fault {
    /// Reads an error of a connection by MQTT 3.1.1.
    pub fn three(error: &rumqttc_v4::ConnectionError) -> Self {
        use rumqttc_v4::{ConnectReturnCode as Code, ConnectionError, StateError};
        match error {
            ConnectionError::Tls(error) => Self::of_tls(error),
            ConnectionError::Io(error) => Self::of_io(error),
            ConnectionError::NetworkTimeout | ConnectionError::FlushTimeout => Self::TimedOut,
            ConnectionError::ConnectionRefused(code) => match code {
                Code::RefusedProtocolVersion => Self::Version,
                Code::BadClientId => Self::ClientId,
                Code::BadUserNamePassword => Self::Login,
                Code::NotAuthorized => Self::NotAllowed,
                _ => Self::Busy,
            },
            ConnectionError::MqttState(StateError::Io(error)) => Self::of_io(error),
            ConnectionError::MqttState(StateError::ConnectionAborted) => Self::Closed,
            ConnectionError::MqttState(StateError::AwaitPingResp) => Self::TimedOut,
            ConnectionError::MqttState(StateError::Deserialization(
                rumqttc_v4::mqttbytes::Error::Io(error),
            )) => Self::of_io(error),
            ConnectionError::MqttState(StateError::Deserialization(_))
            | ConnectionError::NotConnAck(_) => Self::NotMqtt,
            error => Self::Other(error.to_string()),
        }
    }

    /// Reads an error of a connection by MQTT 5.
    pub fn five(error: &rumqttc_v5::ConnectionError) -> Self {
        use rumqttc_v5::{ConnectReturnCode as Code, ConnectionError, StateError};
        let of_code = |code: &Code| match code {
            Code::RefusedProtocolVersion | Code::UnsupportedProtocolVersion => Self::Version,
            Code::BadClientId | Code::ClientIdentifierNotValid => Self::ClientId,
            Code::BadUserNamePassword | Code::BadAuthenticationMethod => Self::Login,
            Code::NotAuthorized | Code::Banned => Self::NotAllowed,
            Code::ServiceUnavailable
            | Code::ServerUnavailable
            | Code::ServerBusy
            | Code::QuotaExceeded
            | Code::ConnectionRateExceeded => Self::Busy,
            code => Self::Other(format!("the broker refuses: {code:?}")),
        };
        match error {
            ConnectionError::Tls(error) => Self::of_tls(error),
            ConnectionError::Io(error) => Self::of_io(error),
            ConnectionError::Timeout(_) => Self::TimedOut,
            ConnectionError::ConnectionRefused(code) => of_code(code),
            ConnectionError::MqttState(StateError::ConnFail { reason }) => of_code(reason),
            ConnectionError::MqttState(StateError::Io(error)) => Self::of_io(error),
            ConnectionError::MqttState(StateError::ConnectionAborted) => Self::Closed,
            ConnectionError::MqttState(StateError::AwaitPingResp) => Self::TimedOut,
            ConnectionError::MqttState(StateError::OutgoingPacketTooLarge { max, .. }) => {
                Self::TooLong(*max as usize)
            }
            ConnectionError::MqttState(StateError::ServerDisconnect { reason_code, .. }) => {
                use rumqttc_v5::DisconnectReasonCode as Reason;
                match reason_code {
                    Reason::SessionTakenOver => Self::ClientId,
                    Reason::NotAuthorized => Self::NotAllowed,
                    Reason::ServerShuttingDown | Reason::ServerBusy => Self::Closed,
                    reason => Self::Other(format!("the broker disconnected: {reason:?}")),
                }
            }
            ConnectionError::MqttState(StateError::Deserialization(
                rumqttc_v5::mqttbytes::Error::Io(error),
            )) => Self::of_io(error),
            ConnectionError::MqttState(StateError::Deserialization(
                rumqttc_v5::mqttbytes::Error::OutgoingPacketTooLarge { max, .. },
            )) => Self::TooLong(*max as usize),
            ConnectionError::MqttState(StateError::Deserialization(_))
            | ConnectionError::NotConnAck(_) => Self::NotMqtt,
            error => Self::Other(error.to_string()),
        }
    }

    /// Tells whether it may be the version of MQTT that the other side does not understand.
    pub fn may_be_version(&self) -> bool {
        matches!(self, Self::Version | Self::NotMqtt | Self::Closed)
    }

    /// What is wrong with a broker, and what to do.
    pub fn words(&self, broker: &Broker) -> (String, String) {
        let named = broker.user.as_deref();
        let port = broker.port;
        let (what, hint) = match self {
            Self::NoSuchHost => (
                format!("no host is called {}", broker.host),
                "look at the name, or give the address in numbers".to_owned(),
            ),
            Self::Refused => (
                format!("nothing listens on port {port}"),
                "is the broker running? mosquitto listens on 1883, with TLS on 8883".to_owned(),
            ),
            Self::Unreachable => (
                "no way leads there".to_owned(),
                "is the network up, and the address right?".to_owned(),
            ),
            Self::TimedOut => (
                "no answer".to_owned(),
                "is the machine on, and does a firewall stand between?".to_owned(),
            ),
            Self::Closed if broker.tls => (
                "the broker closed the connection".to_owned(),
                "look into the log of the broker; where its port is a plain one, the address begins with mqtt://".to_owned(),
            ),
            Self::Closed => (
                "the broker closed the connection".to_owned(),
                "look into the log of the broker; where its port is for TLS, the address begins with mqtts://".to_owned(),
            ),
            Self::NoTls => (
                format!("what listens on port {port} does not speak TLS"),
                "the address of a plain port begins with mqtt://; TLS is usually on port 8883".to_owned(),
            ),
            Self::UnknownIssuer => (
                "the certificate is signed by nobody this machine trusts".to_owned(),
                "name the certificate of your own authority: --mqtt-ca FILE".to_owned(),
            ),
            Self::WrongName(names) => {
                let names = match names.is_empty() {
                    true => "other names".to_owned(),
                    false => names.join(", "),
                };
                (
                    format!("the certificate is for {names}, not for {}", broker.host),
                    "name the broker as its certificate does".to_owned(),
                )
            }
            Self::Expired => (
                "the certificate has expired".to_owned(),
                "renew it on the broker; or is the clock of this machine wrong?".to_owned(),
            ),
            Self::NotYetValid => (
                "the certificate is not valid yet".to_owned(),
                "is the clock of this machine right?".to_owned(),
            ),
            Self::ClientCertificate => (
                "the broker does not let us in without a certificate that it knows".to_owned(),
                "--mqtt-cert FILE and --mqtt-cert-key FILE name one".to_owned(),
            ),
            Self::Tls(error) => (
                format!("TLS fails: {error}"),
                "look into the log of the broker".to_owned(),
            ),
            Self::Login => (
                match named {
                    Some(user) => format!("the broker rejects user {user} with this password"),
                    None => "the broker wants a user and a password".to_owned(),
                },
                "name the user in the address, mqtt://USER@HOST, and give the password with --mqtt-password-file FILE".to_owned(),
            ),
            Self::NotAllowed => (
                match named {
                    Some(user) => format!("the broker does not let {user} in"),
                    None => "the broker lets nobody in without a user".to_owned(),
                },
                "user, password, or the rights of the user (acl_file of mosquitto) do not fit".to_owned(),
            ),
            Self::Version => (
                "the broker does not speak this version of MQTT".to_owned(),
                "try the other one: --mqtt-version 3 or 5".to_owned(),
            ),
            Self::ClientId => (
                "the broker does not take our name, or another client has taken it".to_owned(),
                "does another smarty run with the same prefix? --mqtt-client-id NAME tells them apart".to_owned(),
            ),
            Self::Busy => (
                "the broker is busy or not ready".to_owned(),
                "retrying".to_owned(),
            ),
            Self::NotMqtt => (
                format!("what listens on port {port} is not an MQTT broker"),
                "look at the port, usually 1883; where it is for TLS, the address begins with mqtts://"
                    .to_owned(),
            ),
            Self::TooLong(max) => (
                format!("the broker accepts messages of up to {max} bytes; longer ones are left out"),
                "allow longer ones on the broker: max_packet_size of mosquitto".to_owned(),
            ),
            Self::Other(error) => (error.clone(), "retrying".to_owned()),
        };
        (format!("{broker}: {what}"), hint)
    }

    fn of_tls(error: &TlsError) -> Self {
        match error {
            TlsError::Io(error) => Self::of_io(error),
            TlsError::TLS(error) => Self::of_rustls(error),
            error => Self::Tls(error.to_string()),
        }
    }

    fn of_io(error: &io::Error) -> Self {
        let mut cause: Option<&(dyn Error + 'static)> = error.get_ref().map(|inner| inner as _);
        while let Some(inner) = cause {
            if let Some(error) = inner.downcast_ref::<RustlsError>() {
                return Self::of_rustls(error);
            }
            cause = match inner.downcast_ref::<io::Error>() {
                Some(error) => error.get_ref().map(|inner| inner as _),
                None => inner.source(),
            };
        }
        match error.kind() {
            ErrorKind::ConnectionRefused => Self::Refused,
            ErrorKind::TimedOut => Self::TimedOut,
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => Self::Unreachable,
            ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::UnexpectedEof => Self::Closed,
            ErrorKind::NotFound => Self::NoSuchHost,
            _ if error.to_string().contains("lookup address") => Self::NoSuchHost,
            _ => Self::Other(error.to_string()),
        }
    }

    fn of_rustls(error: &RustlsError) -> Self {
        use CertificateError as Certificate;
        match error {
            RustlsError::InvalidCertificate(certificate) => match certificate {
                // Another authority of the same name.
                Certificate::UnknownIssuer | Certificate::BadSignature => Self::UnknownIssuer,
                Certificate::NotValidForName => Self::WrongName(Vec::new()),
                Certificate::NotValidForNameContext { presented, .. } => {
                    let bare = |name: &String| match name.split_once('"') {
                        Some((_, rest)) => rest.trim_end_matches(['"', ')']).to_owned(),
                        None => name.clone(),
                    };
                    Self::WrongName(presented.iter().map(bare).collect())
                }
                Certificate::Expired | Certificate::ExpiredContext { .. } => Self::Expired,
                Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => {
                    Self::NotYetValid
                }
                Certificate::Other(OtherError(inner)) => Self::Tls(inner.to_string()),
                certificate => Self::Tls(format!("the certificate is not accepted: {certificate}")),
            },
            RustlsError::InvalidMessage(_) => Self::NoTls,
            RustlsError::AlertReceived(
                AlertDescription::CertificateRequired
                | AlertDescription::BadCertificate
                | AlertDescription::UnknownCA
                | AlertDescription::CertificateUnknown
                | AlertDescription::CertificateExpired
                | AlertDescription::AccessDenied
                | AlertDescription::HandshakeFailure,
            ) => Self::ClientCertificate,
            error => Self::Tls(error.to_string()),
        }
    }
}
