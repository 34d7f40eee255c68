public import CastyCore
// The standard library normalizes texts whenever it compares them, but only its own libraries may ask it to.
@_spi(_Unicode) import Swift

/// What makes a text the id of one entity.
///
/// Two spellings that Unicode holds to be the same text, such as "é" as one scalar and as two, name one entity: what compares texts as Swift
/// does, and what compares bytes as a database does, must not disagree. So every id that comes from a user or another node is first brought
/// to one form, that of the fewest scalars (Unicode Standard Annex 15, NFC), which later versions of Unicode never change. ASCII is in that
/// form already.
public enum EntityID {
    /// The id in its one form; O(length of the id).
    public static func canonical(_ id: String) -> String { hashed(id).id }

    /// The id in its one form, and the hash of that, from which its shard follows. One look at each byte where the id is ASCII.
    package static func hashed(_ id: String) -> (id: String, hash: UInt64) {
        var hash = StableHash()
        var bits: UInt8 = 0
        for byte in id.utf8 {
            hash.combine(byte)
            bits |= byte
        }
        if bits < 0x80 { return (id, hash.value) }
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
