import CastyCore
import CastySerialization
import NIOCore

/// The names for which the peer has announced numbers on one lane, on the receiver's side.
struct AnnouncedNames: Sendable {
    private var addresses: [ActorAddress] = []
    private var addressCost = 0
    private var types: [String] = []
    private var typeCost = 0

    /// About how many bytes the names take.
    var cost: Int { addressCost + typeCost }

    /// The address and the type behind two numbers, or `nil` where they were not announced.
    func names(_ target: Int, _ type: Int) -> (target: ActorAddress, type: String)? {
        guard isAnnounced(target, type) else { return nil }
        return (addresses[target - 1], types[type - 1])
    }

    func isAnnounced(_ target: Int, _ type: Int) -> Bool {
        target >= 1 && target <= addresses.count && type >= 1 && type <= types.count
    }

    mutating func readAddress(
        _ form: NameForm, from buffer: inout ByteBuffer
    ) throws(WireError) -> (address: ActorAddress?, id: Int?) {
        switch form {
        case .absent:
            return (nil, nil)
        case .number:
            let id = try buffer.readVarint(upTo: WireLimits.internedNames)
            guard id >= 1, id <= addresses.count else {
                throw WireError(.unknownID, "address \(id) was never announced")
            }
            return (addresses[id - 1], id)
        case .announced:
            let id = try Self.readNext(after: addresses.count, from: &buffer)
            let address = try ActorAddress(from: &buffer)
            addressCost += address.announcementCost
            guard addressCost <= WireLimits.internedBytes else {
                throw WireError(.tooLarge, "too many bytes of addresses")
            }
            addresses.append(address)
            return (address, id)
        case .inFull:
            return (try ActorAddress(from: &buffer), nil)
        }
    }

    mutating func readType(
        _ form: NameForm, from buffer: inout ByteBuffer
    ) throws(WireError) -> (name: String?, id: Int?) {
        switch form {
        case .absent:
            return (nil, nil)
        case .number:
            let id = try buffer.readVarint(upTo: WireLimits.internedNames)
            guard id >= 1, id <= types.count else { throw WireError(.unknownID, "type \(id) was never announced") }
            return (types[id - 1], id)
        case .announced:
            let id = try Self.readNext(after: types.count, from: &buffer)
            let name = try buffer.readText()
            typeCost += name.announcementCost
            guard typeCost <= WireLimits.internedBytes else {
                throw WireError(.tooLarge, "too many bytes of type names")
            }
            types.append(name)
            return (name, id)
        case .inFull:
            return (try buffer.readText(), nil)
        }
    }

    private static func readNext(after count: Int, from buffer: inout ByteBuffer) throws(WireError) -> Int {
        let id = try buffer.readVarint(upTo: WireLimits.internedNames)
        guard id > count else { throw WireError(.duplicateID, "number \(id) is announced twice") }
        guard id == count + 1 else { throw WireError(.unknownID, "number \(id) is announced before \(count + 1)") }
        return id
    }
}
