import CastyCore

/// The most that is taken from a peer; each is checked before memory is reserved.
package enum WireLimits {
    /// Bytes of a frame after its length, once the peer has been welcomed.
    package static let frame = 256 * 1024
    /// Bytes of a frame before that.
    package static let frameBeforeWelcome = 64 * 1024
    /// Bytes of a name, a path segment, a reason.
    package static let text = ActorAddress.longestName
    /// Bytes of the name of a shard type or a singleton: with what stands before it in a path it is still a name.
    package static let typeName = 1024
    /// Names in a path.
    package static let pathDepth = ActorAddress.deepestPath
    /// Values within values, in a message of either codec.
    package static let nesting = 32
    /// Addresses, and likewise type names, that one lane may announce numbers for.
    package static let internedNames = 4096
    /// Bytes these addresses, and likewise these names, may take together.
    package static let internedBytes = 1 << 20
}
