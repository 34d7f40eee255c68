/// What was wrong with bytes, a message, or a registration.
///
/// Whether a connection survives it depends on where it was thrown: whatever a ``FrameDecoder`` throws ends the
/// connection, whatever a codec throws costs only the message.
package struct WireError: Error, Sendable, Equatable {
    package enum Code: String, Sendable, Hashable, CaseIterable {
        /// The bytes end before the value does.
        case truncated
        /// The bytes are not what the format says.
        case malformed
        /// A length is above its limit.
        case tooLarge
        /// The header names a version this node does not speak.
        case unsupportedVersion
        /// The checksum does not match the bytes.
        case badChecksum
        /// A numeric id was used that was never announced.
        case unknownID
        /// A numeric id was announced twice, or out of turn.
        case duplicateID
        /// Values lie in each other deeper than the limit.
        case tooDeep
        /// The codec cannot be used for this type, or is unknown.
        case unsupportedCodec
        /// The message cannot be encoded.
        case notEncodable
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension WireError: CustomStringConvertible {
    package var description: String { "\(code.rawValue): \(message)" }
}
