import CastyCore
import CastyRemoting
import CastySerialization
import CastyTestSupport
import NIOCore
import Testing

private let start = Instant(nanoseconds: 1_000)
private let deadline = start + .seconds(5)

private func settings(
    _ local: UniqueAddress, cluster: String = "shop", _ capabilities: Capabilities = Capabilities()
) -> Handshake.Settings {
    Handshake.Settings(cluster: cluster, local: local, capabilities: capabilities)
}

private func frame(_ message: HandshakeMessage) -> Frame {
    var payload = ByteBuffer()
    message.encode(into: &payload)
    return Frame(header: FrameHeader(message.kind), lane: .control, payload: payload)
}

private func hello(
    cluster: String = "shop", from: UniqueAddress = uniqueA, to: NodeAddress = nodeB, expected: UInt64? = nil,
    codecs: [CodecID] = [.binary, .json]
) -> Frame {
    frame(
        .hello(
            .init(
                cluster: cluster, from: from, to: to, expected: expected,
                capabilities: Capabilities(codecs: codecs))))
}

private func welcome(
    cluster: String = "shop", from: UniqueAddress = uniqueB, to: UniqueAddress = uniqueA, codecs: [CodecID] = [.binary]
) -> Frame {
    frame(.welcome(.init(version: 2, cluster: cluster, from: from, to: to, capabilities: Capabilities(codecs: codecs))))
}

private func accepting() -> Handshake {
    var handshake = Handshake(accepting: settings(uniqueB))
    _ = handshake.onConnected(at: start)
    return handshake
}

private func dialler(incarnation: UInt64? = nil) -> Handshake {
    var handshake = Handshake(dialling: nodeB, incarnation: incarnation, settings(uniqueA))
    _ = handshake.onConnected(at: start)
    return handshake
}

private func failure(_ effects: [Handshake.Effect]) -> HandshakeFailure? {
    if case .close(let failure)? = effects.last { failure } else { nil }
}

private func refusal(_ effects: [Handshake.Effect]) -> RefusalReason? {
    if case .send(.refusal(let refusal))? = effects.first { refusal.reason } else { nil }
}

@Suite("The handshake")
struct HandshakeTests {
    @Test("opens an association on both sides, with the codec the caller wants most")
    func good() throws {
        let observing = Capabilities(codecs: [.json, .binary], observe: true)
        let client = UniqueAddress(address: ClientName.address("client", incarnation: 7), incarnation: 7)
        var dialler = Handshake(dialling: nodeB, incarnation: uniqueB.incarnation, settings(client, observing))
        var accepting = Handshake(accepting: settings(uniqueB))
        let sent = HandshakeMessage.hello(
            .init(
                cluster: "shop", from: client, to: nodeB, expected: uniqueB.incarnation,
                capabilities: observing))
        #expect(dialler.onConnected(at: start) == [.send(sent), .arm(deadline)])
        #expect(accepting.onConnected(at: start) == [.arm(deadline)])
        let seenDialler = Handshake.Peer(
            address: client, capabilities: observing, codec: .json, authority: .operate)
        #expect(accepting.onFrame(frame(sent), at: start) == [.decide(seenDialler)])
        #expect(!accepting.isEstablished)
        let answer = HandshakeMessage.welcome(
            .init(version: 2, cluster: "shop", from: uniqueB, to: client, capabilities: Capabilities()))
        #expect(accepting.onAdmitted(at: start) == [.send(answer), .established(seenDialler)])
        let seenAccepter = Handshake.Peer(address: uniqueB, capabilities: Capabilities(), codec: .json)
        #expect(dialler.onFrame(frame(answer), at: start) == [.established(seenAccepter)])
        #expect(dialler.isEstablished && accepting.isEstablished)
        #expect(dialler.onDeadline(at: deadline) == [])
    }

    @Test(
        "refuses what it can see from the hello",
        arguments: [
            (hello(cluster: "other"), RefusalReason.wrongCluster),
            (hello(to: NodeAddress(host: "::1", port: 1)), .notAddressed),
            (hello(from: UniqueAddress(address: nodeB, incarnation: 3)), .notAddressed),
            (hello(expected: 0xC), .wrongIncarnation),
            (hello(codecs: []), .noCommonCodec),
            (hello(codecs: [CodecID(rawValue: 77)]), .noCommonCodec),
        ])
    func refused(hello: Frame, reason: RefusalReason) {
        var handshake = accepting()
        let effects = handshake.onFrame(hello, at: start)
        #expect(refusal(effects) == reason)
        #expect(failure(effects)?.code == .refuses(reason))
        #expect(handshake.onFrame(hello, at: start) == [])
    }

    @Test("tells a peer of a later version so, also where it cannot read on")
    func version() {
        var frame = hello()
        frame.payload.setInteger(99 as UInt16, at: frame.payload.readerIndex + 4)
        frame.payload.moveWriterIndex(to: frame.payload.readerIndex + 6)
        var handshake = accepting()
        #expect(refusal(handshake.onFrame(frame, at: start)) == .wrongVersion)
    }

    @Test("answers nothing to a peer that does not speak the protocol")
    func magic() {
        var frame = hello()
        frame.payload.setInteger(0 as UInt32, at: frame.payload.readerIndex)
        var handshake = accepting()
        let effects = handshake.onFrame(frame, at: start)
        #expect(effects.count == 1)
        #expect(failure(effects)?.code == .refuses(.malformed))
    }

    @Test("gives the shell the last word", arguments: [RefusalReason.duplicate, .shuttingDown, .busy])
    func decided(reason: RefusalReason) {
        var handshake = accepting()
        _ = handshake.onFrame(hello(), at: start)
        let effects = handshake.onRefused(reason, "not now", at: start)
        #expect(
            effects == [
                .send(.refusal(.init(reason: reason, message: "not now", from: uniqueB))),
                .close(HandshakeFailure(.refuses(reason), "not now", peer: uniqueA)),
            ])
        #expect(handshake.onAdmitted(at: start) == [])
    }

    @Test("gives the caller the reason for the refusal, and who refused")
    func refusedDialler() {
        var handshake = dialler()
        let refusal = HandshakeMessage.refusal(.init(reason: .wrongIncarnation, message: "gone", from: uniqueB))
        let expected = HandshakeFailure(.refused(.wrongIncarnation), "gone", peer: uniqueB)
        #expect(handshake.onFrame(frame(refusal), at: start) == [.close(expected)])
    }

    @Test(
        "takes no welcome on trust",
        arguments: [
            (welcome(cluster: "other"), RefusalReason.wrongCluster),
            (welcome(from: UniqueAddress(address: nodeA, incarnation: 0xB)), .notAddressed),
            (welcome(to: UniqueAddress(address: nodeA, incarnation: 0xA1)), .notAddressed),
            (welcome(from: UniqueAddress(address: nodeB, incarnation: 0xC)), .wrongIncarnation),
            (welcome(codecs: []), .noCommonCodec),
        ])
    func distrust(welcome: Frame, reason: RefusalReason) {
        var handshake = dialler(incarnation: uniqueB.incarnation)
        #expect(failure(handshake.onFrame(welcome, at: start))?.code == .refuses(reason))
        #expect(!handshake.isEstablished)
    }

    @Test("accepts nothing else first, on either side", arguments: FrameKind.allCases)
    func nothingElse(kind: FrameKind) {
        let frame = Frame(header: FrameHeader(kind), lane: .control)
        for var handshake in [accepting(), dialler()] {
            let effects = handshake.onFrame(frame, at: start)
            #expect(failure(effects) != nil && effects.count == 1)
            #expect(handshake.onAdmitted(at: start) == [])
            #expect(!handshake.isEstablished)
        }
        var early = accepting()
        _ = early.onFrame(hello(), at: start)
        #expect(failure(early.onFrame(frame, at: start))?.code == .outOfTurn)
    }

    @Test("a message of the other side is out of turn")
    func wrongSide() {
        var first = dialler()
        #expect(failure(first.onFrame(hello(), at: start))?.code == .outOfTurn)
        var second = accepting()
        #expect(failure(second.onFrame(welcome(), at: start))?.code == .outOfTurn)
    }

    @Test("ends at its deadline and not before, also while the shell decides")
    func deadlines() {
        for var handshake in [accepting(), dialler()] {
            #expect(handshake.onDeadline(at: deadline - .nanoseconds(1)) == [.arm(deadline)])
            #expect(failure(handshake.onDeadline(at: deadline))?.code == .timedOut)
            #expect(handshake.onDeadline(at: deadline) == [])
        }
        var late = dialler()
        #expect(failure(late.onFrame(welcome(), at: deadline))?.code == .timedOut)
        var deciding = accepting()
        _ = deciding.onFrame(hello(), at: start)
        #expect(failure(deciding.onDeadline(at: deadline))?.code == .timedOut)
    }

    @Test("messages come back from their bytes; cut short anywhere they are refused")
    func bytes() throws {
        let first = ProtocolVersions(1, 1)
        let messages: [HandshakeMessage] = [
            .hello(
                .init(
                    versions: first, cluster: "c", from: uniqueA, to: nodeB, expected: nil, capabilities: Capabilities()
                )),
            .welcome(
                .init(
                    version: 1, versions: first, cluster: "c", from: uniqueB, to: uniqueA,
                    capabilities: Capabilities(observe: true))),
            .hello(
                .init(
                    versions: first, cluster: "c", from: uniqueA, to: nodeB, expected: 7,
                    capabilities: Capabilities(acceptsProbeConnections: true, isProbeConnection: true))),
            .welcome(
                .init(
                    version: 1, versions: first, cluster: "c", from: uniqueB, to: uniqueA,
                    capabilities: Capabilities(readsContexts: true, readsReplies: true, lanes: .user))),
            .refusal(.init(reason: .busy, message: "later", from: nil)),
            .refusal(.init(reason: .duplicate, message: "", from: uniqueA)),
        ]
        for message in messages {
            var bytes = ByteBuffer()
            message.encode(into: &bytes)
            for size in 0..<bytes.readableBytes {
                var cut = try #require(bytes.getSlice(at: 0, length: size))
                #expect(throws: WireError.self) { try HandshakeMessage(message.kind, from: &cut) }
            }
            // What follows the range of a hello or a welcome: see the tests of versions.
            if message.kind == .refusal { bytes.writeBytes([1, 2, 3]) }
            #expect(try HandshakeMessage(message.kind, from: &bytes) == message)
        }
    }

    @Test("a reason of a later version is read as unknown")
    func laterReason() throws {
        var bytes = ByteBuffer()
        HandshakeMessage.refusal(.init(reason: .busy, message: "", from: nil)).encode(into: &bytes)
        bytes.setInteger(200 as UInt8, at: 6)
        #expect(
            try HandshakeMessage(.refusal, from: &bytes) == .refusal(.init(reason: .unknown, message: "", from: nil)))
    }

    @Test("random bytes never trap")
    func fuzz() throws {
        var random = SeededGenerator(seed: 7)
        let good = hello().payload
        for _ in 0..<20_000 {
            var frame = hello()
            frame.header.kind = FrameKind.allCases[random.below(3)]
            for _ in 0..<1 + random.below(3) {
                let place = good.readerIndex + random.below(good.readableBytes)
                frame.payload.setInteger(UInt8(random.below(256)), at: place)
            }
            for var handshake in [accepting(), dialler()] {
                let effects = handshake.onFrame(frame, at: start)
                #expect(!effects.isEmpty)
            }
        }
    }
}
