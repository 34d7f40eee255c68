import CastyCore

/// The limits for data from a peer; each is checked before memory is reserved.
package enum WireLimits {
    /// Bytes of a frame after its length, once the peer has been welcomed.
    package static let frame = 256 * 1024
    /// Bytes of a frame before that.
    package static let frameBeforeWelcome = 64 * 1024
    /// Bytes of a name, a path segment, a reason.
    package static let text = ActorAddress.longestName
    /// Bytes of the name of a shard type or a singleton: with its prefix in a path it is still a valid name.
    package static let typeName = 1024
    /// Names in a path.
    package static let pathDepth = ActorAddress.deepestPath
    /// Nesting depth of values in a message of either codec.
    package static let nesting = 32
    /// Addresses, and separately type names, for which one lane may announce numbers.
    package static let internedNames = 4096
    /// Bytes that these addresses, and separately these names, may take together.
    package static let internedBytes = 1 << 20
}
