/// The number of a delivery as a route writes it: in LEB128, always with nine bytes.
///
/// So it can be set when the message is queued, after the bytes that follow it were written. A reader takes it for a
/// number like any other; the functions here write and read it at once, and not byte by byte.
enum DeliveryNumber {
    /// How many bytes it has.
    static let size = 9

    /// The bits that say that another byte follows.
    private static let marks: UInt64 = 0x8080_8080_8080_8080

    /// The first eight bytes of a number, the lowest first.
    static func head(of value: UInt64) -> UInt64 {
        var head = marks
        for index in 0..<8 as Range<UInt64> { head |= (value >> (7 * index) & 0x7F) << (8 * index) }
        return head
    }

    /// The number that is written in these bytes; `nil` where it was written in another form.
    static func value(head: UInt64, last: UInt8) -> UInt64? {
        guard head & marks == marks, last < 0x80 else { return nil }
        var value = UInt64(last) << 56
        for index in 0..<8 as Range<UInt64> { value |= (head >> (8 * index) & 0x7F) << (7 * index) }
        return value
    }
}
