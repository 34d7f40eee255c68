import NIOSSL

/// Explains why TLS has ended a connection.
enum TLSFailure {
    /// The words of the library's errors, and what they mean. The first that occurs counts.
    ///
    /// An alert is the other end's reason; the others are this end's.
    private static let meanings: [(word: String, meaning: String)] = [
        (
            "CERTIFICATE_VERIFY_FAILED",
            "\(refusedHere): it has expired, is not valid yet, or another authority signed it"
        ),
        ("PEER_DID_NOT_RETURN_A_CERTIFICATE", "the other end has no certificate"),
        ("CERTIFICATE_REQUIRED", "the other end demands a certificate, and got none"),
        ("ALERT_UNKNOWN_CA", "\(refusedThere): another authority signed it"),
        ("ALERT_CERTIFICATE_EXPIRED", "\(refusedThere): it has expired, or is not valid yet"),
        ("ALERT_BAD_CERTIFICATE", refusedThere),
        ("ALERT_CERTIFICATE_UNKNOWN", refusedThere),
        ("BAD_RECORD_MAC", "the secrets of the two ends differ"),
        ("BAD_DECRYPT", "the secrets of the two ends differ"),
        ("DIGEST_CHECK_FAILED", "the secrets of the two ends differ"),
        ("DECRYPT_ERROR", "the secrets of the two ends differ"),
        ("PSK_IDENTITY", "the other end has no such secret"),
        ("PSK_NO", "there is no such secret"),
        ("UNSUPPORTED_PROTOCOL", otherKind),
        ("PROTOCOL_VERSION", otherKind),
        ("NO_SHARED_CIPHER", otherKind),
        ("NO_CIPHERS", otherKind),
        ("HANDSHAKE_FAILURE", otherKind),
        ("WRONG_VERSION_NUMBER", "the other end does not speak TLS"),
        ("HTTP_REQUEST", "the other end does not speak TLS"),
    ]
    private static let refusedHere = "the certificate of the other end is refused here"
    private static let refusedThere = "the other end refuses this node's certificate"
    private static let otherKind = "one end has certificates, and the other a secret"

    /// The reason; `nil` for errors that have nothing to do with credentials.
    static func explanation(of error: any Error) -> String? {
        if let error = error as? CredentialError { return error.message }
        switch error {
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            return "\(refusedHere): it is for another host"
        case NIOSSLError.handshakeFailed(let cause): return meaning(of: cause, isInHandshake: true)
        case let error as BoringSSLError: return meaning(of: error, isInHandshake: false)
        default: return nil
        }
    }

    private static func meaning(of error: BoringSSLError, isInHandshake: Bool) -> String? {
        let text = "\(error)"
        if let known = meanings.first(where: { text.contains($0.word) }) { return known.meaning }
        guard isInHandshake else { return nil }
        return text.lowercased().contains("eof")
            ? "the connection ended before TLS was agreed on: does the node there have credentials of this cluster?"
            : "TLS could not be agreed on: \(text)"
    }
}
