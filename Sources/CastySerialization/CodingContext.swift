package import CastyCore

/// What a codec passes to the types it encodes and decodes, so that a reference can find the system it belongs to.
package struct CodingContext: Sendable {
    /// The values, by key, that `Encoder.userInfo` and `Decoder.userInfo` expose.
    package var userInfo: [CodingUserInfoKey: any Sendable] {
        didSet { erased = Erased(userInfo) }
    }

    /// The same values in the type that `Encoder` requires, converted once and not per message.
    private(set) var erased: Erased

    /// The node that the bytes come from, as proven by its handshake; `nil` if they come from no particular node.
    package var peer: UniqueAddress?

    /// A codec of the user's own, if the node has one.
    package let serializer: CustomSerializer?

    package init(userInfo: [CodingUserInfoKey: any Sendable] = [:], serializer: CustomSerializer? = nil) {
        self.userInfo = userInfo
        self.serializer = serializer
        erased = Erased(userInfo)
    }

    /// Requires that the sender named in a message is the node that sent it.
    package func require(sender: UniqueAddress) throws(WireError) {
        guard let peer, peer != sender else { return }
        throw WireError(.malformed, "\(peer) speaks in the name of \(sender)")
    }

    /// A context without values.
    package static let empty = CodingContext()

    /// Unchecked because `Any` hides that every value is `Sendable`; the values are set once, from a dictionary of
    /// `Sendable` values.
    final class Erased: @unchecked Sendable {
        let values: [CodingUserInfoKey: Any]

        init(_ values: [CodingUserInfoKey: any Sendable]) { self.values = values.mapValues { $0 as Any } }
    }
}
