package import CastyCore
package import NIOCore

extension NodeAddress: WireCodable {
    package func encode(into buffer: inout ByteBuffer) {
        buffer.writeText(host)
        buffer.writeVarint(port)
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        let host = try buffer.readText(upTo: 255)
        let port = try buffer.readVarint(upTo: 65_535)
        guard !host.isEmpty, host.utf8.allSatisfy(Self.mayStandInHost) else {
            throw WireError(.malformed, "a host holds characters no host has")
        }
        self.init(host: host, port: port)
    }

    private static func mayStandInHost(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...0x20, 0x7F, UInt8(ascii: "/"), UInt8(ascii: "@"), UInt8(ascii: "#"), UInt8(ascii: "["),
            UInt8(ascii: "]"),
            UInt8(ascii: "?"), UInt8(ascii: "%"):
            false
        default: true
        }
    }
}

extension UniqueAddress: WireCodable {
    package func encode(into buffer: inout ByteBuffer) {
        address.encode(into: &buffer)
        buffer.writeInteger(incarnation)
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        let address = try NodeAddress(from: &buffer)
        guard let incarnation = buffer.readInteger(as: UInt64.self) else {
            throw WireError(.truncated, "an incarnation is cut short")
        }
        guard incarnation != 0 else { throw WireError(.malformed, "an incarnation is never zero") }
        self.init(address: address, incarnation: incarnation)
    }
}

extension ActorAddress: WireCodable {
    package func encode(into buffer: inout ByteBuffer) {
        buffer.writeText(system)
        node.encode(into: &buffer)
        buffer.writeVarint(path.count)
        for name in path { buffer.writeText(name) }
        buffer.writeInteger(uid)
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        let system = try buffer.readText()
        let node = try NodeAddress(from: &buffer)
        let path = try buffer.readArray(upTo: WireLimits.pathDepth) { buffer throws(WireError) in try buffer.readText()
        }
        guard let uid = buffer.readInteger(as: UInt64.self) else {
            throw WireError(.truncated, "the number of an incarnation is cut short")
        }
        guard !system.isEmpty, !path.isEmpty, path.allSatisfy({ !$0.isEmpty }) else {
            throw WireError(.malformed, "an address has an empty system, path or name")
        }
        self.init(system: system, node: node, path: path, uid: uid)
    }
}

extension Instant: WireCodable {
    package func encode(into buffer: inout ByteBuffer) { buffer.writeZigZag(nanoseconds) }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        self.init(nanoseconds: try buffer.readZigZag())
    }
}

extension Duration: WireCodable {
    /// Writes whole nanoseconds.
    package func encode(into buffer: inout ByteBuffer) { buffer.writeZigZag(nanoseconds) }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        self = .nanoseconds(try buffer.readZigZag())
    }
}
