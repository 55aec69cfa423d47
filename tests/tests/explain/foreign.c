/* A call by the 32-bit entry of a 64-bit kernel: getpid. */
int main(void)
{
    long result;
#ifdef __x86_64__
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
#else
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory");
#endif
    return result > 0 ? 0 : 1;
}
