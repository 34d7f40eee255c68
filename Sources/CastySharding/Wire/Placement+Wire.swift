import CastyCore
package import CastyPlacement
package import CastySerialization
package import NIOCore

extension CoordinatorEpoch: NativeCodable {
    package func encode(into buffer: inout ByteBuffer) {
        buffer.writeVarint(UInt64(clamping: upNumber))
        buffer.writeVarint(UInt64(clamping: start))
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        self.init(upNumber: try buffer.readVarint(upTo: .max), start: try buffer.readVarint(upTo: .max))
    }
}

extension ShardVersion: NativeCodable {
    package func encode(into buffer: inout ByteBuffer) {
        epoch.encode(into: &buffer)
        buffer.writeVarint(sequence)
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        self.init(epoch: try CoordinatorEpoch(from: &buffer), sequence: try buffer.readVarint())
    }
}

extension ShardHome: NativeCodable {
    package func encode(into buffer: inout ByteBuffer) {
        buffer.writeVarint(shard)
        node.encode(into: &buffer)
        version.encode(into: &buffer)
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        self.init(
            shard: try buffer.readShard(), node: try UniqueAddress(from: &buffer),
            version: try ShardVersion(from: &buffer))
    }
}

extension VersionedShard: NativeCodable {
    package func encode(into buffer: inout ByteBuffer) {
        buffer.writeVarint(shard)
        version.encode(into: &buffer)
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        self.init(shard: try buffer.readShard(), version: try ShardVersion(from: &buffer))
    }
}

extension HomelessShard: NativeCodable {
    package func encode(into buffer: inout ByteBuffer) {
        buffer.writeVarint(shard)
        buffer.writeInteger(cause.rawValue)
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        let shard = try buffer.readShard()
        let byte = try buffer.readByte()
        guard let cause = HomelessCause(rawValue: byte) else {
            throw WireError(.malformed, "\(byte) is no reason for a shard to have no home")
        }
        self.init(shard: shard, cause: cause)
    }
}

extension HostedShard: NativeCodable {
    package func encode(into buffer: inout ByteBuffer) {
        buffer.writeVarint(shard)
        version.encode(into: &buffer)
        buffer.writeBool(isStopping)
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        self.init(
            shard: try buffer.readShard(), version: try ShardVersion(from: &buffer), isStopping: try buffer.readBool())
    }
}

extension HostOrder: NativeCodable {
    package func encode(into buffer: inout ByteBuffer) {
        buffer.writeVarint(shard)
        version.encode(into: &buffer)
        buffer.writeOptional(holdFor)
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        self.init(
            shard: try buffer.readShard(), version: try ShardVersion(from: &buffer),
            holdFor: try buffer.readOptional(UniqueAddress.self))
    }
}

extension Intents: NativeCodable {
    package func encode(into buffer: inout ByteBuffer) {
        version.encode(into: &buffer)
        // Many shards are pinned to few addresses: each address is written once, and pins refer to it by index.
        let addresses = Set(pins.map(\.address)).sorted()
        let numbers = Dictionary(uniqueKeysWithValues: zip(addresses, addresses.indices))
        buffer.writeArray(addresses)
        buffer.writeArray(pins) { buffer, pin in
            buffer.writeVarint(pin.shard)
            buffer.writeVarint(numbers[pin.address] ?? 0)
        }
        buffer.writeArray(drains)
        buffer.writeBool(isPaused)
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        self.init()
        version = try ShardVersion(from: &buffer)
        let addresses = try buffer.readArray(of: NodeAddress.self, upTo: 16_384)
        pins = try buffer.readArray(upTo: 16_384) { buffer throws(WireError) in
            let (shard, index) = (try buffer.readShard(), try buffer.readVarint(upTo: 16_384))
            guard addresses.indices.contains(index) else {
                throw WireError(.malformed, "a pin names address \(index) of \(addresses.count)")
            }
            return ShardPin(shard: shard, address: addresses[index])
        }
        drains = try buffer.readArray(of: UniqueAddress.self, upTo: 16_384)
        isPaused = try buffer.readBool()
    }
}

extension Registration: NativeCodable {
    package func encode(into buffer: inout ByteBuffer) {
        buffer.writeVarint(number)
        buffer.writeVarint(part)
        buffer.writeVarint(parts)
        buffer.writeVarint(shardCount)
        buffer.writeBool(accepts)
        buffer.writeArray(hosted)
        buffer.writeShards(leftovers)
        buffer.writeShards(known)
        intents.encode(into: &buffer)
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        let number: UInt64 = try buffer.readVarint()
        let (part, parts) = (try buffer.readShard(), try buffer.readShard())
        self.init(
            number: number, shardCount: try buffer.readVarint(upTo: 1 << 30),
            accepts: try buffer.readBool(), hosted: try buffer.readArray(of: HostedShard.self, upTo: 16_384),
            leftovers: try buffer.readShards(), known: try buffer.readShards(), intents: try Intents(from: &buffer))
        self.part = part
        self.parts = parts
    }
}
