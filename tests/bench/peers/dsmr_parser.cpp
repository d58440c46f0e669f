// Decrypts and parses a file of frames with the C++ library dsmr_parser of esphome-libs: FILE KEY.
//
// Tag and CRC are checked, every field of fields.inc is parsed, totals are printed and no value.
// compare.sh makes fields.inc out of the library's own list, see there.

// The channels of the simulated meter: a value with another unit than the field's makes the library refuse
// the telegram.
#define DSMR_SUB_MBUS_ID 3
#define DSMR_THERMAL_MBUS_ID 4

#include "dsmr_parser/decryption/aes128gcm_mbedtls.h"
#include "dsmr_parser/dlms_packet_decryptor.h"
#include "dsmr_parser/fields.h"
#include "dsmr_parser/parser.h"
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <span>
#include <string_view>
#include <vector>

using namespace dsmr_parser;

using Telegram = ParsedData<
#include "fields.inc"
    >;

// The authentication key of every meter in Luxembourg.
constexpr std::string_view AUTHENTICATION_KEY = "00112233445566778899AABBCCDDEEFF";

struct Totals {
  size_t telegrams = 0;
  size_t values = 0;
  // Of numbers in thousandths and of the lengths of texts: nothing parsed can be left out.
  int64_t sum = 0;

  void add(std::string_view text) { sum += static_cast<int64_t>(text.size()); }
  void add(const FixedValue& number) { sum += number.int_val(); }
  void add(uint32_t number) { sum += number; }

  template <typename... Fields>
  void add(ParsedData<Fields...>& telegram) {
    auto one = [&](auto& field) {
      if (field.present()) {
        ++values;
        add(field.val());
      }
    };
    (one(static_cast<Fields&>(telegram)), ...);
    ++telegrams;
  }
};

// Bytes of the frame that begins here, by the two bytes of its header that say so; 0: not all of it is here.
size_t frame_length(std::span<const uint8_t> bytes) {
  const size_t length = bytes.size() < 13 ? 13 : 13 + (bytes[11] << 8 | bytes[12]);
  return length <= bytes.size() ? length : 0;
}

int main(int count, char** arguments) {
  if (count != 3) {
    std::fputs("dsmr_parser FILE KEY\n", stderr);
    return 2;
  }
  Logger::set_log_function([](LogLevel level, const char* text, va_list values) {
    if (level == LogLevel::ERROR) {
      std::vfprintf(stderr, text, values);
      std::fputc('\n', stderr);
    }
  });
  Aes128GcmMbedTls cipher;
  cipher.set_encryption_key(Aes128GcmDecryptionKey::from_hex(arguments[2]).value());
  cipher.set_authentication_key(Aes128GcmAuthenticationKey::from_hex(AUTHENTICATION_KEY).value());
  DlmsPacketDecryptor decryptor(cipher, /* check_crc */ true);

  std::ifstream file(arguments[1], std::ios::binary);
  std::vector<uint8_t> buffer(256 << 10);
  size_t held = 0;
  Totals totals;
  while (file) {
    file.read(reinterpret_cast<char*>(buffer.data() + held), static_cast<std::streamsize>(buffer.size() - held));
    std::span<uint8_t> rest(buffer.data(), held + static_cast<size_t>(file.gcount()));
    while (const size_t length = frame_length(rest)) {
      const auto readout = decryptor.decrypt_inplace(rest.first(length));
      Telegram telegram;
      if (!readout || !DsmrParser::parse(telegram, *readout)) {
        std::fprintf(stderr, "the library refuses frame %zu\n", totals.telegrams + 1);
        return 1;
      }
      totals.add(telegram);
      rest = rest.subspan(length);
    }
    std::copy(rest.begin(), rest.end(), buffer.begin());
    held = rest.size();
  }
  if (held > 0 || totals.telegrams == 0) {
    std::fprintf(stderr, "%s: no frames, or %zu bytes of a frame at the end\n", arguments[1], held);
    return 1;
  }
  const auto sum = static_cast<long long>(totals.sum);
  std::printf("%zu telegrams, %zu values, sum %lld\n", totals.telegrams, totals.values, sum);
}
