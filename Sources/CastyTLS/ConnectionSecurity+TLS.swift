public import Casty
import CastyCore

extension ConnectionSecurity {
    /// Connections are encrypted by TLS 1.3, and both ends show a certificate. The node may listen anywhere.
    ///
    /// ```swift
    /// let node = try CastyNode("shop") {
    ///     $0.bind = "10.0.0.7:25520"
    ///     $0.tls = .mutual(certificate: "node.pem", key: "node.key", trust: "ca.pem")
    /// }
    /// ```
    ///
    /// A certificate that one of the authorities has signed, and that is valid now, lets its owner in. What it may do is
    /// said by a subject alternative name of the certificate, as a URI: `casty:observe`, `casty:operate` or
    /// `casty:member`. A certificate without such a name is for a node. Use an authority that signs nothing but the
    /// certificates of this cluster.
    ///
    /// The files are read anew when they have changed, at the latest a second later, for connections that begin from
    /// then on. Files that cannot be read, or do not fit each other, change nothing. A file is best replaced by renaming
    /// another one.
    ///
    /// - Parameters:
    ///   - certificate: The file with the node's certificate and those between it and its authority, as PEM.
    ///   - key: The file with its private key, as PEM.
    ///   - trust: The file with the certificates of the authorities, as PEM.
    ///   - checksNames: Whether a certificate lets its owner state the hosts only that its subject alternative names
    ///     name: in the address of a node, on both ends of a connection.
    /// - Note: Files that cannot be used make ``Casty/CastyNode/init(_:_:)`` throw, with the code `badSetting`.
    public static func mutual(
        certificate: String, key: String, trust: String, checksNames: Bool = false
    ) -> ConnectionSecurity {
        ConnectionSecurity {
            try TLSProtection(
                CertificateFiles(certificate: certificate, key: key, trust: trust, checksNames: checksNames))
        }
    }

    /// Connections are encrypted by TLS, and both ends prove that they know a secret. The node may listen anywhere.
    ///
    /// - Parameter secret: The secret, the same on all nodes.
    public static func sharedSecret(_ secret: SharedSecret) -> ConnectionSecurity {
        ConnectionSecurity { try TLSProtection(secret) }
    }

    /// Connections are encrypted by TLS, and both ends prove that they know a secret, which is in a file.
    ///
    /// - Parameter file: The file, in the form that ``SharedSecret/init(contentsOf:)`` reads.
    /// - Note: A file that cannot be used makes ``Casty/CastyNode/init(_:_:)`` throw, with the code `badSetting`.
    public static func sharedSecret(file: String) -> ConnectionSecurity {
        ConnectionSecurity { try TLSProtection(try SharedSecret(contentsOf: file)) }
    }
}
