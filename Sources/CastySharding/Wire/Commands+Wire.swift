import CastyCore
package import CastyPlacement
package import CastySerialization
package import NIOCore

extension OperatorCommand: NativeCodable {
    package func encode(into buffer: inout ByteBuffer) {
        switch self {
        case .move(let shard, let address):
            buffer.writeInteger(1 as UInt8)
            buffer.writeVarint(shard)
            address.encode(into: &buffer)
        case .pin(let shard, let address):
            buffer.writeInteger(2 as UInt8)
            buffer.writeVarint(shard)
            address.encode(into: &buffer)
        case .unpin(let shard):
            buffer.writeInteger(3 as UInt8)
            buffer.writeVarint(shard)
        case .drain(let address):
            buffer.writeInteger(4 as UInt8)
            address.encode(into: &buffer)
        case .undrain(let address):
            buffer.writeInteger(5 as UInt8)
            address.encode(into: &buffer)
        case .rebalance: buffer.writeInteger(6 as UInt8)
        case .pause: buffer.writeInteger(7 as UInt8)
        case .resume: buffer.writeInteger(8 as UInt8)
        }
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        switch try buffer.readByte() {
        case 1: self = .move(shard: try buffer.readShard(), to: try NodeAddress(from: &buffer))
        case 2: self = .pin(shard: try buffer.readShard(), to: try NodeAddress(from: &buffer))
        case 3: self = .unpin(shard: try buffer.readShard())
        case 4: self = .drain(try NodeAddress(from: &buffer))
        case 5: self = .undrain(try NodeAddress(from: &buffer))
        case 6: self = .rebalance
        case 7: self = .pause
        case 8: self = .resume
        case let byte: throw WireError(.malformed, "\(byte) is no operator's command")
        }
    }
}

extension CommandAnswer: NativeCodable {
    package func encode(into buffer: inout ByteBuffer) {
        switch self {
        case .accepted(let moves):
            buffer.writeInteger(1 as UInt8)
            buffer.writeVarint(moves)
        case .refused(let refusal):
            buffer.writeInteger(2 as UInt8)
            buffer.writeInteger(refusal.rawValue)
        }
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        switch try buffer.readByte() {
        case 1: self = .accepted(moves: try buffer.readVarint(upTo: 1 << 30))
        case 2:
            let byte = try buffer.readByte()
            guard let refusal = CommandRefusal(rawValue: byte) else {
                throw WireError(.malformed, "\(byte) is no reason to refuse a command")
            }
            self = .refused(refusal)
        case let byte: throw WireError(.malformed, "\(byte) is no answer to a command")
        }
    }
}

extension CoordinatorRequest: NativeCodable {
    package func encode(into buffer: inout ByteBuffer) {
        switch self {
        case .register(let registration):
            buffer.writeInteger(1 as UInt8)
            registration.encode(into: &buffer)
        case .notHosted: buffer.writeInteger(2 as UInt8)
        case .homes(let shards):
            buffer.writeInteger(3 as UInt8)
            buffer.writeShards(shards)
        case .started(let shards):
            buffer.writeInteger(4 as UInt8)
            buffer.writeArray(shards)
        case .hostRefused(let shards):
            buffer.writeInteger(5 as UInt8)
            buffer.writeArray(shards)
        case .handOffBegun(let shard, let handoff):
            buffer.writeInteger(6 as UInt8)
            buffer.writeVarint(shard)
            handoff.encode(into: &buffer)
        case .stopped(let shard, let hasLeftover):
            buffer.writeInteger(7 as UInt8)
            shard.encode(into: &buffer)
            buffer.writeBool(hasLeftover)
        case .leave: buffer.writeInteger(8 as UInt8)
        case .intentsKnown(let version):
            buffer.writeInteger(9 as UInt8)
            version.encode(into: &buffer)
        case .command(let id, let command):
            buffer.writeInteger(10 as UInt8)
            buffer.writeVarint(id)
            command.encode(into: &buffer)
        case .departed: buffer.writeInteger(11 as UInt8)
        case .epochSeen(let epoch):
            buffer.writeInteger(12 as UInt8)
            epoch.encode(into: &buffer)
        }
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        switch try buffer.readByte() {
        case 1: self = .register(try Registration(from: &buffer))
        case 2: self = .notHosted
        case 3: self = .homes(of: try buffer.readShards())
        case 4: self = .started(try buffer.readArray(of: VersionedShard.self, upTo: 16_384))
        case 5: self = .hostRefused(try buffer.readArray(of: VersionedShard.self, upTo: 16_384))
        case 6: self = .handOffBegun(shard: try buffer.readShard(), handoff: try ShardVersion(from: &buffer))
        case 7: self = .stopped(try VersionedShard(from: &buffer), hasLeftover: try buffer.readBool())
        case 8: self = .leave
        case 9: self = .intentsKnown(try ShardVersion(from: &buffer))
        case 10: self = .command(id: try buffer.readVarint(), try OperatorCommand(from: &buffer))
        case 11: self = .departed
        case 12: self = .epochSeen(try CoordinatorEpoch(from: &buffer))
        case let byte: throw WireError(.malformed, "\(byte) is no request to a coordinator")
        }
    }
}

extension CoordinatorOrder: NativeCodable {
    package func encode(into buffer: inout ByteBuffer) {
        switch self {
        case .announce: buffer.writeInteger(1 as UInt8)
        case .registered(let number, let intents):
            buffer.writeInteger(2 as UInt8)
            buffer.writeVarint(number)
            intents.encode(into: &buffer)
        case .registrationRefused(let number, let shardCount):
            buffer.writeInteger(3 as UInt8)
            buffer.writeVarint(number)
            buffer.writeVarint(shardCount)
        case .homes(let homes, let range):
            buffer.writeInteger(4 as UInt8)
            buffer.writeArray(homes)
            buffer.writeVarint(range.lowerBound)
            buffer.writeVarint(range.count)
        case .host(let orders):
            buffer.writeInteger(5 as UInt8)
            buffer.writeArray(orders)
        case .beginHandOff(let shard, let handoff, let owner):
            buffer.writeInteger(6 as UInt8)
            buffer.writeVarint(shard)
            handoff.encode(into: &buffer)
            owner.encode(into: &buffer)
        case .handOff(let shard, let version, let handoff, let participants):
            buffer.writeInteger(7 as UInt8)
            buffer.writeVarint(shard)
            version.encode(into: &buffer)
            handoff.encode(into: &buffer)
            buffer.writeArray(participants)
        case .discard(let shard):
            buffer.writeInteger(8 as UInt8)
            shard.encode(into: &buffer)
        case .intents(let intents):
            buffer.writeInteger(9 as UInt8)
            intents.encode(into: &buffer)
        case .released: buffer.writeInteger(10 as UInt8)
        case .answer(let id, let answer):
            buffer.writeInteger(11 as UInt8)
            buffer.writeVarint(id)
            answer.encode(into: &buffer)
        case .notHosted: buffer.writeInteger(12 as UInt8)
        case .homeless(let shards):
            buffer.writeInteger(13 as UInt8)
            buffer.writeArray(shards)
        }
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        switch try buffer.readByte() {
        case 1: self = .announce
        case 2: self = .registered(number: try buffer.readVarint(), intents: try Intents(from: &buffer))
        case 3:
            self = .registrationRefused(
                number: try buffer.readVarint(), shardCount: try buffer.readVarint(upTo: 1 << 30))
        case 4:
            let homes = try buffer.readArray(of: ShardHome.self, upTo: 16_384)
            let first = try buffer.readShard()
            self = .homes(homes, allOf: first..<(first + (try buffer.readShard())))
        case 5: self = .host(try buffer.readArray(of: HostOrder.self, upTo: 16_384))
        case 6:
            self = .beginHandOff(
                shard: try buffer.readShard(), handoff: try ShardVersion(from: &buffer),
                owner: try UniqueAddress(from: &buffer))
        case 7:
            self = .handOff(
                shard: try buffer.readShard(), version: try ShardVersion(from: &buffer),
                handoff: try ShardVersion(from: &buffer),
                participants: try buffer.readArray(of: UniqueAddress.self, upTo: 16_384))
        case 8: self = .discard(try VersionedShard(from: &buffer))
        case 9: self = .intents(try Intents(from: &buffer))
        case 10: self = .released
        case 11: self = .answer(id: try buffer.readVarint(), try CommandAnswer(from: &buffer))
        case 12: self = .notHosted
        case 13: self = .homeless(try buffer.readArray(of: HomelessShard.self, upTo: 16_384))
        case let byte: throw WireError(.malformed, "\(byte) is no order of a coordinator")
        }
    }
}
