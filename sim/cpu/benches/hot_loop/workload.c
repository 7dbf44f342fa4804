/* The integer mix of hot_loop.rs: CRC by table and by bit, byte and word copy, matrix product, list walk, state machine, insertion sort.
   arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb -O2 -ffreestanding -fno-tree-loop-distribute-patterns -ffunction-sections -nostdlib; its .text
   is position-independent but for data at 0x20000000, and stands as halfwords in workload.rs. */
typedef unsigned u32; typedef unsigned char u8; typedef unsigned short u16;
static u8 buf[1024], dst[1024]; static u32 table[256]; static int ma[8][8], mb[8][8], mc[8][8];
struct node { struct node *next; int value; }; static struct node nodes[64];
volatile u32 result;
static void init(void){ for(u32 i=0;i<256;i++){u32 c=i;for(int k=0;k<8;k++)c=c&1?0xEDB88320u^(c>>1):c>>1;table[i]=c;}
 for(int i=0;i<1024;i++)buf[i]=i*7+3; for(int i=0;i<8;i++)for(int j=0;j<8;j++){ma[i][j]=i*j+1;mb[i][j]=i-j;}
 for(int i=0;i<64;i++){nodes[i].next=&nodes[(i*37+1)&63];nodes[i].value=i;} }
__attribute__((noinline)) static u32 crc(const u8*p,u32 n){u32 c=~0u;while(n--)c=table[(c^*p++)&0xFF]^(c>>8);return ~c;}
__attribute__((noinline)) static u32 crcbit(const u8*p,u32 n){u32 c=~0u;while(n--){c^=*p++;for(int k=0;k<8;k++)c=(c>>1)^(0xEDB88320u&-(c&1));}return ~c;}
__attribute__((noinline)) static void copy(u8*d,const u8*s,u32 n){while(n--)*d++=*s++;}
__attribute__((noinline)) static void copyw(u32*d,const u32*s,u32 n){while(n--)*d++=*s++;}
__attribute__((noinline)) static int mat(void){int s=0;for(int i=0;i<8;i++)for(int j=0;j<8;j++){int a=0;for(int k=0;k<8;k++)a+=ma[i][k]*mb[k][j];mc[i][j]=a;s+=a;}return s;}
__attribute__((noinline)) static int list(int n){struct node*p=nodes;int s=0;while(n--){s+=p->value;p=p->next;}return s;}
__attribute__((noinline)) static int machine(const u8*p,u32 n){int st=0,cnt=0;while(n--){u8 c=*p++;switch(st){case 0:st=c>128?1:2;break;case 1:cnt+=c;st=c&1?3:0;break;case 2:if(c<64)cnt--;st=c&3;break;case 3:cnt^=c;st=4;break;case 4:st=c%5;break;default:st=0;}}return cnt;}
__attribute__((noinline)) static u32 sortish(u32 n){ u16*p=(u16*)dst; for(u32 i=0;i<n;i++)p[i]=(i*40503u)>>3; for(u32 i=1;i<n;i++){u16 v=p[i];int j=i-1;while(j>=0&&p[j]>v){p[j+1]=p[j];j--;}p[j+1]=v;} return p[n/2];}
void start(void){ init(); for(;;){ u32 r=0; r+=crc(buf,1024); r+=crcbit(buf,128); copy(dst,buf,1024); copyw((u32*)dst,(u32*)buf,256); r+=mat(); r+=list(512); r+=machine(buf,1024); r+=sortish(64); result+=r; } }
