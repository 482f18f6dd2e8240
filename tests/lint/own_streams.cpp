// What hls::stream does in simulation; the first argument says what is asked.
#include <hls_stream.h>

#include <cstdio>
#include <cstring>
#ifdef HLS_STREAM_THREAD_SAFE
#include <chrono>
#include <thread>
#endif

struct beat {
  int value;
  bool last;
};

int main(int, char** argv) {
  hls::stream<beat> named("beats");
  hls::stream<int> unnamed;
  if (!std::strcmp(argv[1], "order")) {
    for (int i = 0; i < 5; ++i) named.write({i, i == 4});
    std::printf("%zu %d\n", named.size(), named.empty());
    for (bool last = false; !last;) {
      const beat b = named.read();
      last = b.last;
      std::printf("%d ", b.value);
    }
    beat b = {0, true};
    std::printf("%d", named.read_nb(b));
    b.value = 7;
    named << b;
    named >> b;
    std::printf(" %d %zu %d\n", b.value, named.size(), named.empty());
  }
  if (!std::strcmp(argv[1], "left")) {
    unnamed.write(1);
    named.write({1, true});
    named.write({2, true});
  }
  if (!std::strcmp(argv[1], "empty")) {
    const beat b = named.read();
    std::printf("went on with %d\n", b.value);
  }
#ifdef HLS_STREAM_THREAD_SAFE
  if (!std::strcmp(argv[1], "blocks")) {
    int sum = 0;
    std::thread reader([&] {
      for (int i = 0; i < 3; ++i) sum += named.read().value;
    });
    for (int i = 1; i <= 3; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      named.write({i, false});
    }
    reader.join();
    std::printf("%d\n", sum);
  }
#endif
  return 0;
}
