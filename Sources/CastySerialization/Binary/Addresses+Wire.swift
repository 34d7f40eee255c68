package import CastyCore
package import NIOCore

extension NodeAddress: NativeCodable {
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

    fileprivate static func mayStandInHost(_ byte: UInt8) -> Bool {
        switch byte {
        case 0...0x20, 0x7F, UInt8(ascii: "/"), UInt8(ascii: "@"), UInt8(ascii: "#"), UInt8(ascii: "["),
            UInt8(ascii: "]"),
            UInt8(ascii: "?"), UInt8(ascii: "%"):
            false
        default: true
        }
    }
}

// Each message of the cluster carries two or three of these addresses, so the usual ones are written and read at once.
extension UniqueAddress: NativeCodable {
    package func encode(into buffer: inout ByteBuffer) {
        let isWritten: Void? = address.host.utf8.withContiguousStorageIfAvailable { host in
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: host.count + 28) { bytes in
                var size = ByteBuffer.store(varint: UInt64(host.count), in: bytes, at: 0)
                UnsafeMutableRawBufferPointer(rebasing: bytes[size...]).copyMemory(from: UnsafeRawBufferPointer(host))
                size = ByteBuffer.store(varint: UInt64(address.port), in: bytes, at: size + host.count)
                bytes.storeBytes(of: incarnation.bigEndian, toByteOffset: size, as: UInt64.self)
                return size + 8
            }
        }
        if isWritten == nil {
            address.encode(into: &buffer)
            buffer.writeInteger(incarnation)
        }
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        if let (usual, size) = buffer.withUnsafeReadableBytes(Self.readUsual) {
            buffer.moveReaderIndex(forwardBy: size)
            self = usual
            return
        }
        let address = try NodeAddress(from: &buffer)
        guard let incarnation = buffer.readInteger(as: UInt64.self) else {
            throw WireError(.truncated, "an incarnation is cut short")
        }
        guard incarnation != 0 else { throw WireError(.malformed, "an incarnation is never zero") }
        self.init(address: address, incarnation: incarnation)
    }

    /// Reads an address with a short ASCII host; `nil` where the bytes hold another one, or none.
    private static func readUsual(_ bytes: UnsafeRawBufferPointer) -> (UniqueAddress, size: Int)? {
        guard let length = bytes.first.map(Int.init), length > 0, length < 0x80, bytes.count >= length + 10 else {
            return nil
        }
        let host = UnsafeRawBufferPointer(rebasing: bytes[1...length])
        guard host.allSatisfy({ $0 < 0x80 && NodeAddress.mayStandInHost($0) }) else { return nil }
        var port = 0
        var next = length + 1
        var shift = 0
        while true {
            guard shift < 21, bytes.count >= next + 9 else { return nil }
            let byte = Int(bytes[next])
            port |= (byte & 0x7F) << shift
            next += 1
            shift += 7
            if byte < 0x80 { break }
        }
        let incarnation = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: next, as: UInt64.self))
        guard port <= 65_535, incarnation != 0 else { return nil }
        let address = NodeAddress(host: String(decoding: host, as: UTF8.self), port: port)
        return (UniqueAddress(address: address, incarnation: incarnation), next + 8)
    }
}

extension ActorAddress: NativeCodable {
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

extension Instant: NativeCodable {
    package func encode(into buffer: inout ByteBuffer) { buffer.writeZigZag(nanoseconds) }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        self.init(nanoseconds: try buffer.readZigZag())
    }
}

extension Duration: NativeCodable {
    /// Writes whole nanoseconds.
    package func encode(into buffer: inout ByteBuffer) { buffer.writeZigZag(nanoseconds) }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        self = .nanoseconds(try buffer.readZigZag())
    }
}
