import CastyCore
package import CastyMembership
package import CastySerialization
package import NIOCore

extension ServiceRegistryMessage: NativeCodable {
    /// The number of each message on the wire. A number is never reused for another message.
    private enum Tag: UInt8 {
        case status = 1
        case versions, want, wantState, changes, state
    }

    /// The most nodes that one message compares.
    private static let mostNodes = 65_536

    package func encode(into buffer: inout ByteBuffer) {
        func tag(_ tag: Tag) { buffer.writeInteger(tag.rawValue) }
        switch self {
        case .status(let digest):
            tag(.status)
            buffer.writeInteger(digest)
        case .versions(let versions, let scope):
            tag(.versions)
            buffer.writeInteger(scope.rawValue)
            buffer.writeArray(versions)
        case .want(let versions):
            tag(.want)
            buffer.writeArray(versions)
        case .wantState(let owner, let version, let after):
            tag(.wantState)
            owner.encode(into: &buffer)
            buffer.writeVarint(version)
            buffer.writeVarint(after)
        case .changes(let owner, let page, let latest, let isLast):
            tag(.changes)
            owner.encode(into: &buffer)
            buffer.writeVarint(latest)
            buffer.writeBool(isLast)
            buffer.writeVarint(page.after)
            buffer.writeVarint(page.through)
            buffer.writeRegistrations(page.added)
            buffer.writeArray(page.removed) { buffer, removal in
                buffer.writeVarint(removal.at)
                buffer.writeVarint(removal.of)
            }
        case .state(let owner, let page, let isLast):
            tag(.state)
            owner.encode(into: &buffer)
            buffer.writeBool(isLast)
            buffer.writeVarint(page.asOf)
            buffer.writeVarint(page.after)
            buffer.writeVarint(page.through)
            buffer.writeRegistrations(page.registrations)
        }
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        let byte = try buffer.readByte()
        guard let tag = Tag(rawValue: byte) else { throw WireError(.malformed, "\(byte) is no message of a registry") }
        switch tag {
        case .status: self = .status(try buffer.readHash())
        case .versions:
            let byte = try buffer.readByte()
            guard let scope = Scope(rawValue: byte) else { throw WireError(.malformed, "\(byte) is no comparison") }
            self = .versions(try buffer.readArray(of: KnownVersion.self, upTo: Self.mostNodes), scope)
        case .want: self = .want(try buffer.readArray(of: KnownVersion.self, upTo: Self.mostNodes))
        case .wantState:
            self = .wantState(
                owner: try UniqueAddress(from: &buffer), asOf: try buffer.readVarint(), after: try buffer.readVarint())
        case .changes:
            let owner = try UniqueAddress(from: &buffer)
            let latest: UInt64 = try buffer.readVarint()
            let isLast = try buffer.readBool()
            var page = RegistrationChanges(after: try buffer.readVarint(), through: try buffer.readVarint())
            page.added = try buffer.readRegistrations()
            page.removed = try buffer.readArray(elementSize: 2) { buffer throws(WireError) in
                RegistrationRemoval(at: try buffer.readVarint(), of: try buffer.readVarint())
            }
            self = .changes(owner: owner, page, latest: latest, isLast: isLast)
        case .state:
            let owner = try UniqueAddress(from: &buffer)
            let isLast = try buffer.readBool()
            var page = RegistrationState(
                asOf: try buffer.readVarint(), after: try buffer.readVarint(), through: try buffer.readVarint())
            page.registrations = try buffer.readRegistrations()
            self = .state(owner: owner, page, isLast: isLast)
        }
    }
}

extension KnownVersion: NativeCodable {
    package func encode(into buffer: inout ByteBuffer) {
        node.encode(into: &buffer)
        buffer.writeVarint(version)
    }

    package init(from buffer: inout ByteBuffer) throws(WireError) {
        self.init(node: try UniqueAddress(from: &buffer), version: try buffer.readVarint())
    }
}

extension ByteBuffer {
    /// Writes the services once, and then the registrations with the index of theirs: most registrations of a page
    /// share a few services.
    fileprivate mutating func writeRegistrations(_ registrations: [Registration]) {
        var indices: [ServiceID: Int] = [:]
        var services: [ServiceID] = []
        for registration in registrations where indices[registration.service] == nil {
            indices[registration.service] = services.count
            services.append(registration.service)
        }
        writeArray(services) { buffer, service in
            buffer.writeText(service.name)
            buffer.writeText(service.type)
        }
        writeArray(registrations) { buffer, registration in
            buffer.writeVarint(registration.version)
            buffer.writeVarint(indices[registration.service] ?? 0)
            buffer.writeArray(registration.path) { $0.writeText($1) }
            buffer.writeInteger(registration.uid)
        }
    }

    fileprivate mutating func readRegistrations() throws(WireError) -> [Registration] {
        let services = try readArray(elementSize: 2) { buffer throws(WireError) in
            ServiceID(name: try buffer.readText(), type: try buffer.readText())
        }
        return try readArray(elementSize: 11) { buffer throws(WireError) in
            let version: UInt64 = try buffer.readVarint()
            let index = try buffer.readVarint(upTo: max(0, services.count - 1))
            let path = try buffer.readArray(upTo: WireLimits.pathDepth) { buffer throws(WireError) in
                try buffer.readText()
            }
            let uid = try buffer.readHash()
            guard index < services.count, !path.isEmpty, path.allSatisfy({ !$0.isEmpty }), uid != 0 else {
                throw WireError(.malformed, "a registration has no service, path or incarnation")
            }
            return Registration(version: version, service: services[index], path: path, uid: uid)
        }
    }
}
