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
    ///
    /// 56 bits become two halves of 28, these four parts of 14, and these eight groups of 7, each in a byte.
    static func head(of value: UInt64) -> UInt64 {
        var head = value & 0x0FFF_FFFF | (value & 0x00FF_FFFF_F000_0000) << 4
        head = head & 0x0000_3FFF_0000_3FFF | (head & 0x0FFF_C000_0FFF_C000) << 2
        head = head & 0x007F_007F_007F_007F | (head & 0x3F80_3F80_3F80_3F80) << 1
        return head | marks
    }

    /// The number that is written in these bytes; `nil` where it was written in another form.
    static func value(head: UInt64, last: UInt8) -> UInt64? {
        guard head & marks == marks, last < 0x80 else { return nil }
        var value = head & 0x007F_007F_007F_007F | (head & 0x7F00_7F00_7F00_7F00) >> 1
        value = value & 0x0000_3FFF_0000_3FFF | (value & 0x3FFF_0000_3FFF_0000) >> 2
        value = value & 0x0FFF_FFFF | (value & 0x0FFF_FFFF_0000_0000) >> 4
        return value | UInt64(last) << 56
    }
}
