package import CastyCore
import Synchronization

/// What a codec passes to the types it encodes and decodes, so that a reference can find the system it belongs to.
///
/// A copy shares the values and costs one reference; a change makes new ones.
package struct CodingContext: Sendable {
    private var shared: Shared

    /// The values, by key, that `Encoder.userInfo` and `Decoder.userInfo` expose.
    package var userInfo: [CodingUserInfoKey: any Sendable] {
        get { shared.userInfo }
        set { shared = Shared(newValue, peer, serializer) }
    }

    /// The same values in the type that `Encoder` requires, converted once and not per message.
    var erased: Erased { shared.erased }

    /// The node that the bytes come from, as proven by its handshake; `nil` if they come from no particular node.
    package var peer: UniqueAddress? {
        get { shared.peer }
        set { shared = Shared(userInfo, newValue, serializer) }
    }

    /// A codec of the user's own, if the node has one.
    package var serializer: CustomSerializer? { shared.serializer }

    package init(userInfo: [CodingUserInfoKey: any Sendable] = [:], serializer: CustomSerializer? = nil) {
        shared = Shared(userInfo, nil, serializer)
    }

    /// The readers and writers that calls with this context leave for the next call.
    var readers: CoderSlot<BinaryReader> { _read { yield shared.readers } }
    var writers: CoderSlot<BinaryWriter> { _read { yield shared.writers } }

    /// Requires that the sender named in a message is the node that sent it.
    package func require(sender: UniqueAddress) throws(WireError) {
        guard let peer, peer != sender else { return }
        throw WireError(.malformed, "\(peer) speaks in the name of \(sender)")
    }

    /// A context without values.
    package static let empty = CodingContext()

    private final class Shared: Sendable {
        let userInfo: [CodingUserInfoKey: any Sendable]
        let erased: Erased
        let peer: UniqueAddress?
        let serializer: CustomSerializer?
        let readers = CoderSlot<BinaryReader>()
        let writers = CoderSlot<BinaryWriter>()

        init(
            _ userInfo: [CodingUserInfoKey: any Sendable], _ peer: UniqueAddress?, _ serializer: CustomSerializer?
        ) {
            self.userInfo = userInfo
            self.peer = peer
            self.serializer = serializer
            erased = Erased(userInfo)
        }
    }

    /// Unchecked because `Any` hides that every value is `Sendable`; the values are set once, from a dictionary of
    /// `Sendable` values.
    final class Erased: @unchecked Sendable {
        let values: [CodingUserInfoKey: Any]

        init(_ values: [CodingUserInfoKey: any Sendable]) { self.values = values.mapValues { $0 as Any } }
    }
}

/// Room for one object that a call takes and leaves for the next one: making it costs more than a short message.
///
/// Unchecked because an object belongs to the one call that has taken it out.
struct CoderSlot<Object: AnyObject>: ~Copyable, @unchecked Sendable {
    private let held = Atomic<Unmanaged<Object>?>(nil)

    /// Takes the object out, if there is one.
    func take() -> Object? { held.exchange(nil, ordering: .acquiring)?.takeRetainedValue() }

    /// Leaves an object, instead of one that another call has left meanwhile.
    func leave(_ object: Object) {
        held.exchange(.passRetained(object), ordering: .acquiringAndReleasing)?.release()
    }

    deinit { held.exchange(nil, ordering: .acquiring)?.release() }
}
