package import CastyMembership
import CastyPrimitives
package import CastyWire
package import NIOCore

extension ClusterID: WireCodable {
    package func encode(into buffer: inout ByteBuffer) {
        buffer.writeInteger(high)
        buffer.writeInteger(low)
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        self.init(high: try buffer.readHash(), low: try buffer.readHash())
    }
}

extension ClusterClaim: WireCodable {
    package func encode(into buffer: inout ByteBuffer) {
        id.encode(into: &buffer)
        buffer.writeVarint(UInt64(size))
        buffer.writeVarint(UInt64(age))
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        let id = try ClusterID(from: &buffer)
        let size = try buffer.readVarint(upTo: Int(UInt32.max))
        self.init(id: id, size: UInt32(size), age: UInt32(try buffer.readVarint(upTo: Int(UInt32.max))))
    }
}
