/// What was wrong with bytes, a message, or a registration.
///
/// Whether a connection survives it depends on where it is thrown: an error of a ``FrameDecoder`` ends the connection,
/// an error of a codec costs only the message.
package struct WireError: Error, Sendable, Equatable {
    package enum Code: String, Sendable, Hashable, CaseIterable {
        /// The bytes end before the value does.
        case truncated
        /// The bytes do not follow the format.
        case malformed
        /// A length is above its limit.
        case tooLarge
        /// The header names a version that this node does not support.
        case unsupportedVersion
        /// The checksum does not match the bytes.
        case badChecksum
        /// A numeric id was used that was never announced.
        case unknownID
        /// A numeric id was announced twice, or out of order.
        case duplicateID
        /// Values are nested deeper than the limit.
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
