import CastyCore
package import CastyMembership
package import CastySerialization
package import NIOCore

extension ClusterID: NativeCodable {
    package func encode(into buffer: inout ByteBuffer) {
        buffer.writeInteger(high)
        buffer.writeInteger(low)
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        self.init(high: try buffer.readHash(), low: try buffer.readHash())
    }
}

extension ClusterClaim: NativeCodable {
    package func encode(into buffer: inout ByteBuffer) {
        id.encode(into: &buffer)
        buffer.writeInteger(founding)
        buffer.writeVarint(UInt64(size))
        buffer.writeVarint(UInt64(age))
        buffer.writeVarint(isTroubled ? 1 : 0)
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        let id = try ClusterID(from: &buffer)
        let founding: UInt64 = try buffer.readHash()
        let size = UInt32(try buffer.readVarint(upTo: Int(UInt32.max)))
        let age = UInt32(try buffer.readVarint(upTo: Int(UInt32.max)))
        let isTroubled = try buffer.readVarint(upTo: 1) == 1
        self.init(id: id, founding: founding, size: size, age: age, isTroubled: isTroubled)
    }
}

extension RememberedCluster: NativeCodable {
    package func encode(into buffer: inout ByteBuffer) {
        id.encode(into: &buffer)
        buffer.writeArray(members)
        buffer.writeVarint(UInt64(highestUpNumber))
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        let id = try ClusterID(from: &buffer)
        let members = try buffer.readArray(of: NodeAddress.self, upTo: 65_536)
        let highest = UInt32(try buffer.readVarint(upTo: Int(UInt32.max)))
        self.init(id: id, members: members, highestUpNumber: highest)
    }
}
