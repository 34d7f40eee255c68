public import CastyCore
// The standard library normalizes strings whenever it compares them, but exposes that only as SPI.
@_spi(_Unicode) import Swift

/// The canonical form of entity ids.
///
/// Two canonically equivalent spellings, such as "é" as one scalar and as two, name one entity: code that compares
/// strings as Swift does, and code that compares bytes as a database does, must agree. So every id from a user or
/// another node is first normalized to NFC (Unicode Standard Annex 15), which has the fewest scalars and which later
/// versions of Unicode never change. ASCII is already in that form.
public enum EntityID {
    /// The id in canonical form; O(length of the id).
    public static func canonical(_ id: String) -> String { hashed(id).id }

    /// The id in canonical form, and its hash, which determines the shard. An ASCII id takes one pass over its bytes.
    package static func hashed(_ id: String) -> (id: String, hash: UInt64) {
        // Not byte by byte through the string: each would look up its form again.
        let ascii = id.utf8.withContiguousStorageIfAvailable { bytes in
            var hash = StableHash()
            var bits: UInt8 = 0
            for byte in bytes {
                hash.combine(byte)
                bits |= byte
            }
            return bits < 0x80 ? hash.value : nil
        }
        if let hash = ascii ?? nil { return (id, hash) }
        var scalars = String.UnicodeScalarView()
        scalars.append(contentsOf: id._nfc)
        let canonical = String(scalars)
        return (canonical, StableHash.fnv1a(canonical))
    }
}

extension StableHash {
    /// The shard of an entity: the hash of its id, in the form of ``EntityID``, modulo the number of shards.
    ///
    /// - Parameters:
    ///   - entity: The entity's whole id.
    ///   - count: The number of shards, at least 1.
    public static func shard(of entity: String, count: Int) -> Int {
        precondition(count > 0, "a shard type has at least one shard, not \(count)")
        return Int(EntityID.hashed(entity).hash % UInt64(count))
    }
}
