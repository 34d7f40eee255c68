import CastyCore
import CastyRemoting
import CastySerialization
import CastyTestSupport
import NIOCore
import Testing

private let start = Instant(nanoseconds: 1_000)

@Suite("Protocol versions")
struct ProtocolVersionsTests {
    private static let ranges = (UInt16(1)...5).flatMap { lowest in
        (lowest...5).map { ProtocolVersions(lowest, $0) }
    }

    private func frame(_ message: HandshakeMessage, _ more: [UInt8] = []) -> Frame {
        var payload = ByteBuffer()
        message.encode(into: &payload)
        payload.writeBytes(more)
        return Frame(header: FrameHeader(message.kind), lane: .control, payload: payload)
    }

    private func settings(_ local: UniqueAddress, _ versions: ProtocolVersions) -> Handshake.Settings {
        Handshake.Settings(cluster: "shop", local: local, versions: versions)
    }

    /// How a handshake of A, which calls, and B ended: at each end the version, or what was said.
    private struct End: Equatable {
        var caller: UInt16?
        var called: UInt16?
        var refusal: String?
    }

    /// - Parameter meddle: What becomes of a message on its way.
    private func shake(
        _ caller: ProtocolVersions, _ called: ProtocolVersions, more: [UInt8] = [],
        meddle: (inout HandshakeMessage) -> Void = { _ in }
    ) -> End {
        var a = Handshake(dialling: nodeB, settings(uniqueA, caller))
        var b = Handshake(accepting: settings(uniqueB, called))
        var end = End()
        var toB = a.onConnected(at: start)
        var toA = b.onConnected(at: start)
        while !toA.isEmpty || !toB.isEmpty {
            let (sentByA, sentByB) = (toB, toA)
            (toA, toB) = ([], [])
            for effect in sentByA {
                switch effect {
                case .send(var message):
                    meddle(&message)
                    toA += b.onFrame(frame(message, more), at: start)
                case .established(let peer): end.caller = peer.version
                case .close(let failure): end.refusal = failure.message
                case .arm, .decide: break
                }
            }
            for effect in sentByB {
                switch effect {
                case .send(var message):
                    meddle(&message)
                    toB += a.onFrame(frame(message, more), at: start)
                case .decide: toA += b.onAdmitted(at: start)
                case .established(let peer): end.called = peer.version
                case .close, .arm: break
                }
            }
        }
        return end
    }

    @Test("any two ranges agree on the highest version of both, whichever calls, or refuse and name both")
    func pairs() {
        for caller in Self.ranges {
            for called in Self.ranges {
                let both = Set(caller.lowest...caller.highest).intersection(called.lowest...called.highest)
                let end = shake(caller, called)
                #expect(end.caller == both.max() && end.called == both.max(), "\(caller), \(called)")
                let words = "the called node speaks protocol version \(called), the caller \(caller)"
                #expect(end.refusal == (both.isEmpty ? words : nil))
            }
        }
        #expect(Self.ranges.count == 15)
    }

    @Test("what a later version appends is ignored")
    func appended() {
        let spoken = ProtocolVersions.spoken
        #expect(shake(ProtocolVersions(1, 3), spoken, more: [9, 8, 7]) == End(caller: 2, called: 2))
        #expect(shake(spoken, spoken, more: [0]) == End(caller: 2, called: 2))
    }

    /// A hello and a welcome as a program sent them before there were ranges.
    private static let oldHello =
        "00000042010100034e5d1297004353545900010473686f70093132372e302e302e3190e8010448b0d086141387093132372e302e302e318fe8010000000000"
        + "0000000202016a"
    private static let oldWelcome =
        "00000042010200038e61f521004353545900010473686f70093132372e302e302e318fe801ec63c625d4f24e53093132372e302e302e3190e8015a185d1f18"
        + "7a10d702020162"

    private func bytes(_ digits: String) -> ByteBuffer {
        var buffer = ByteBuffer()
        var rest = Substring(digits)
        while let byte = UInt8(rest.prefix(2), radix: 16) {
            buffer.writeInteger(byte)
            rest = rest.dropFirst(2)
        }
        return buffer
    }

    @Test("a hello from before there were ranges is accepted at version 1, and answered as its sender reads it")
    func oldCaller() throws {
        let raw = bytes(Self.oldHello)
        var decoder = FrameDecoder()
        decoder.append(raw)
        let frame = try #require(try decoder.next())
        let local = UniqueAddress(address: NodeAddress(host: "127.0.0.1", port: 29711), incarnation: 5)
        var called = Handshake(accepting: settings(local, .spoken))
        _ = called.onConnected(at: start)
        guard case .decide(let peer)? = called.onFrame(frame, at: start).first else {
            Issue.record("not accepted")
            return
        }
        #expect(peer.version == 1 && peer.address.address.port == 29712)
        guard case .send(let welcome)? = called.onAdmitted(at: start).first else {
            Issue.record("not welcomed")
            return
        }
        var payload = ByteBuffer()
        welcome.encode(into: &payload)
        #expect(payload.getInteger(at: 4, as: UInt16.self) == 1)
    }

    @Test("a program that speaks version 1 alone sends the bytes of before")
    func sameBytes() throws {
        for (digits, kind) in [(Self.oldHello, FrameKind.hello), (Self.oldWelcome, .welcome)] {
            let raw = bytes(digits)
            var decoder = FrameDecoder()
            decoder.append(raw)
            var payload = try #require(try decoder.next()).payload
            let message = try HandshakeMessage(kind, from: &payload)
            var encoder = FrameEncoder(lane: .control)
            var again = ByteBuffer()
            try encoder.encode(message, into: &again)
            #expect(again == raw)
        }
    }

    @Test("a welcome from before there were ranges is at version 1, also for a caller that speaks more")
    func oldCalled() throws {
        var decoder = FrameDecoder()
        decoder.append(bytes(Self.oldWelcome))
        let frame = try #require(try decoder.next())
        let address = NodeAddress(host: "127.0.0.1", port: 29711)
        let local = UniqueAddress(
            address: NodeAddress(host: "127.0.0.1", port: 29712), incarnation: 0x5a18_5d1f_187a_10d7)
        func answer(_ versions: ProtocolVersions) -> Handshake.Effect? {
            var caller = Handshake(dialling: address, settings(local, versions))
            _ = caller.onConnected(at: start)
            return caller.onFrame(frame, at: start).last
        }
        guard case .established(let peer)? = answer(.spoken) else {
            Issue.record("not established")
            return
        }
        #expect(peer.version == 1)
        guard case .close(let failure)? = answer(ProtocolVersions(2, 2)) else {
            Issue.record("not refused")
            return
        }
        #expect(failure.code == .refuses(.wrongVersion))
        #expect(
            failure.message == "the called node speaks protocol version 1, the caller 2: 1 was chosen")
    }

    @Test("an offer that was lowered on its way is refused by the caller")
    func lowered() {
        let spoken = ProtocolVersions.spoken
        let end = shake(spoken, spoken) { message in
            if case .hello(var hello) = message {
                hello.versions = ProtocolVersions(1, 1)
                message = .hello(hello)
            }
        }
        #expect(end.caller == nil)
        let words = "the called node speaks protocol version 1 to 2, the caller 1 to 2: 1 was chosen"
        #expect(end.refusal == words + ", so the offer was changed on its way")
    }

    @Test("a range that is cut short or runs backwards is malformed")
    func malformed() {
        for more: [UInt8] in [[0], [0, 0]] {
            var called = Handshake(accepting: settings(uniqueB, .spoken))
            _ = called.onConnected(at: start)
            let hello = HandshakeMessage.hello(
                .init(
                    versions: ProtocolVersions(1, 1), cluster: "shop", from: uniqueA, to: nodeB, expected: nil,
                    capabilities: Capabilities()))
            let effects = called.onFrame(frame(hello, more), at: start)
            guard case .close(let failure)? = effects.last else {
                Issue.record("\(effects)")
                continue
            }
            #expect(failure.code == .refuses(.malformed))
        }
    }

    @Test(
        "are written as 1 or 1..2",
        arguments: [
            ("1", ProtocolVersions(1, 1)), ("1..2", ProtocolVersions(1, 2)), ("", nil), ("2..1", nil), ("1..", nil),
            ("..2", nil), ("1..2..3", nil), ("-1", nil), ("70000", nil), ("one", nil),
        ])
    func text(_ text: String, _ versions: ProtocolVersions?) {
        #expect(ProtocolVersions(text) == versions)
    }
}
